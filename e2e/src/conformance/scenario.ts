import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../proto/conformance/', import.meta.url));

/** Any members, as JSON has them. */
export type Members = Readonly<Record<string, unknown>>;

type SwallowOneWay = 'swallow toClient' | 'swallow toServer';

/** One step; `proto/conformance/README.md` describes the kinds. */
export interface Step extends Members {
  /** An order to the driver, and how often. */
  readonly do?: string;
  readonly client?: string;
  /** Of `connect`: the user and the tenant of its tokens, tokens other than one of these, and whether it goes by the wire. */
  readonly user?: string;
  readonly tenant?: string;
  readonly tokens?: readonly (Members | string)[];
  readonly through?: 'wire';
  /** How often, with `$n` counting from 1; all at once where the step is for `later`. Of `hear`: so many events. */
  readonly repeat?: number;
  /** Of `publish`: the payload is a text that takes so many bytes. */
  readonly filled_to?: number;
  /** Members that its answer has. */
  readonly expect?: Members;
  /** Members of the error that it is refused with. */
  readonly refused?: Members;
  /** The name under which later steps find its answer. */
  readonly save?: string;
  /** The name under which a later step waits for it. */
  readonly later?: string;
  readonly await?: string;
  /** The next event of this kind that a client tells, and members that it has. */
  readonly hear?: string;
  readonly match?: Members;
  /** No two of the events that `repeat` asks for have the same of this member. */
  readonly distinct?: string;
  /** Events of this kind that were told, not one more. */
  readonly heard?: string;
  readonly count?: number;
  /** What befalls the wire between clients and bus. */
  readonly wire?: 'cut' | 'heal' | 'reset' | 'move' | 'slow' | 'kill' | 'stall' | 'swallow' | SwallowOneWay;
  /** What the scripted server does. */
  readonly server?: 'send' | 'close' | 'refuse' | 'hold' | 'trim' | 'connected' | 'answer';
  readonly reason?: string;
}

/** What every SDK is held to: a feature, shown by steps. */
export interface Scenario {
  readonly name: string;
  /** Its row in docs/sdks.md. */
  readonly feature: string;
  readonly rules: readonly string[];
  readonly formats: readonly ('json' | 'proto')[];
  /** Clients connect to a server that does what the steps say, not to the bus. */
  readonly server?: 'scripted';
  /** A Shield is killed: it needs a cluster, and all SDKs see the same death. */
  readonly kills?: true;
  readonly steps: readonly Step[];
}

/** All scenarios, in the order of their files. */
export function readScenarios(): readonly Scenario[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.toSorted().map((name) => JSON.parse(readFileSync(`${folder}${name}`, 'utf8')) as Scenario);
}
