import { pagesOf } from '../client/pages-of.ts';
import type { More } from '../client/pages-of.ts';
import type { Kind, Thing } from './step.ts';

interface Page<Item> extends More {
  readonly items: readonly Item[];
}

type AskForPage<Item> = (more: More & { readonly limit: number }) => Promise<Page<Item>>;

/** Entries that one page may have. */
const PAGE = 1_000;

/** All entries of a list, page after page. */
export async function listAll<Item>(ask: AskForPage<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const { items } of pagesOf((more) => ask({ limit: PAGE, ...more }))) all.push(...items);
  return all;
}

/** A kind of which one command tells all that there are: of each entry the thing that it is, or undefined for what stays. */
export function listedKind<Item>(
  name: string,
  ask: AskForPage<Item>,
  thingOf: (item: Item) => Thing | undefined,
): Kind {
  const list = async (): Promise<Thing[]> => (await listAll(ask)).map(thingOf).filter((thing) => thing !== undefined);
  return { name, list };
}
