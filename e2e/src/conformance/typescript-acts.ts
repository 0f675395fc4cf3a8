import { TaskFailure } from '@arqonbus/sdk';
import type {
  JoinOptions,
  Position,
  Publication,
  PublishOptions,
  PublishResult,
  StoredValue,
  Subscription,
} from '@arqonbus/sdk';
import { errorMembers, publicationMembers } from './typescript-members.ts';
import type { DrivenClient } from './typescript-members.ts';
import type { Members } from './scenario.ts';

type Act = (driven: DrivenClient, order: Members) => Promise<Members>;

interface Work {
  readonly progress?: readonly string[];
  readonly fail?: string;
  readonly final?: boolean;
  readonly hang?: boolean;
  readonly give?: unknown;
}

/** What can be ordered of a client. */
export const acts: Readonly<Record<string, Act>> = {
  join,
  read: async (driven, { target }) => {
    void read(driven, channelOf(driven, target));
    return {};
  },
  leave: async (driven, { target }) => {
    await channelOf(driven, target).leave();
    return {};
  },
  publish: async ({ client }, order) =>
    resultMembers(await client.publish(String(order['target']), bodyOf(order), messageOptions(order))),
  private: async ({ client }, order) =>
    resultMembers(await client.private(order['to'] as readonly string[], bodyOf(order), messageOptions(order))),
  command: async ({ client }, { name, args }) => (await client.command(name as 'ping', args ?? {})) as Members,
  history: async ({ client }, order) =>
    payloads(
      client.history(String(order['target']), {
        order: order['newest'] === true ? 'newest' : 'oldest',
        earlierEpochs: order['earlier_epochs'] === true,
        ...(order['page_size'] === undefined ? {} : { pageSize: Number(order['page_size']) }),
        ...epochOf(order),
      }),
    ),
  replay: async ({ client }, order) => {
    const window =
      order['from_seq'] === undefined ? {} : { fromSeq: Number(order['from_seq']), toSeq: Number(order['to_seq']) };
    const replay = client.replay(String(order['target']), { ...window, ...epochOf(order) });
    const told = await payloads(replay);
    const { count, hash } = await replay.result;
    return { ...told, count, hash };
  },
  operate: async ({ client, tell }, { group }) => {
    await client.operator(String(group), {}, async (payload, { attempt, signal, progress }) => {
      const work = payload as Work;
      tell('task', { attempt });
      for (const news of work.progress ?? []) progress(news);
      if (work.hang === true && attempt === 1) {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        tell('task aborted', {});
      }
      const isFinal = work.final === true;
      if (work.fail !== undefined && (isFinal || attempt === 1)) throw new TaskFailure(work.fail, { isFinal });
      return work.give;
    });
    return {};
  },
  submit: async ({ client }, { group, payload }) => {
    const task = client.submitTask({ group: String(group), payload });
    const progress: unknown[] = [];
    for await (const news of task) progress.push(news);
    return { payload: null, reason: null, ...(await task.result), progress };
  },
  store: async ({ client: { store } }, { op, key, value, by, if_version: ifVersion }) => {
    const name = String(key);
    const condition = ifVersion === undefined ? {} : { ifVersion: Number(ifVersion) };
    if (op === 'set') return { version: await store.set(name, value, condition) };
    if (op === 'get') return { found: false, ...(await store.get(name).then(foundMembers)) };
    if (op === 'delete') return { deleted: await store.delete(name, condition) };
    if (op === 'increment') return { ...(await store.increment(name, Number(by))) };
    const keys: string[] = [];
    for await (const item of store.list(name)) keys.push(item.key);
    return { keys };
  },
  watch: async ({ client, tell }, { prefix }) => {
    const watch = await client.store.watch({ prefix: String(prefix) });
    const read = async (): Promise<void> => {
      for await (const { kind, ...change } of watch) {
        tell('change', { value: null, ...change, deleted: kind === 'deleted', missed: kind === 'missed' });
      }
    };
    // It ends with the client, which is told elsewhere.
    read().catch(() => undefined);
    return {};
  },
  close: async ({ client }) => {
    await client.close();
    return {};
  },
};

async function join(driven: DrivenClient, order: Members): Promise<Members> {
  const target = String(order['target']);
  const options = ['echo', 'presence', 'history', 'meta'].filter((name) => order[name] !== undefined);
  const state = order['state'] as Position | undefined;
  const subscription = await driven.client.join(target, {
    ...(Object.fromEntries(options.map((name) => [name, order[name]])) as JoinOptions),
    ...(state === undefined
      ? {}
      : {
          getState: ({ reason }) => {
            driven.tell('state wanted', { target, reason });
            return state;
          },
        }),
  });
  driven.channels.set(target, subscription);
  listen(driven, subscription, target);
  if (order['unread'] !== true) void read(driven, subscription);
  const { joined, members } = subscription;
  const history = joined.history.map(({ payload }) => payload);
  return { history, users: [...members.values()].map(({ user }) => user), ...joined.position };
}

function listen({ tell }: DrivenClient, subscription: Subscription, target: string): void {
  subscription.on('rejoined', ({ recovered, reason = '', reloaded = false }) =>
    tell('rejoined', { target, recovered, reason, reloaded }),
  );
  subscription.on('presence', ({ joins, leaves, updates }) => tell('presence', { target, joins, leaves, updates }));
  subscription.on('discontinuity', () => tell('discontinuity', { target }));
  subscription.on('end', ({ error }) => tell('ended', error === undefined ? { target } : { target, code: error.code }));
}

async function read({ tell }: DrivenClient, subscription: Subscription): Promise<void> {
  try {
    for await (const publication of subscription) tell('publication', publicationMembers(publication));
  } catch (error) {
    tell('overflow', errorMembers(error));
  }
}

function channelOf({ channels }: DrivenClient, target: unknown): Subscription {
  const subscription = channels.get(String(target));
  if (subscription === undefined) throw new Error(`${String(target)} was not joined`);
  return subscription;
}

function epochOf({ epoch }: Members): { readonly epoch?: string } {
  return typeof epoch === 'string' ? { epoch } : {};
}

async function payloads(publications: AsyncIterable<Publication>): Promise<Members> {
  const found: unknown[] = [];
  for await (const { payload } of publications) found.push(payload);
  return { payloads: found };
}

function bodyOf({ payload, base64 }: Members): unknown {
  return typeof base64 === 'string' ? new Uint8Array(Buffer.from(base64, 'base64')) : payload;
}

function messageOptions(order: Members): PublishOptions {
  const { content_type: contentType, message_id: id, expected_seq: expectedSeq, no_ack: noAck } = order;
  const options = { contentType, id, expectedSeq, ...(noAck === true ? { ack: false } : {}) };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as PublishOptions;
}

function resultMembers({ id, epoch, seq, duplicate = false }: PublishResult): Members {
  return { id, duplicate, ...(epoch === undefined ? {} : { epoch, seq }) };
}

function foundMembers(found: StoredValue | undefined): Members {
  return found === undefined ? {} : { found: true, value: found.value, version: found.version };
}
