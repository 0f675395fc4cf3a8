import { BusError } from '@arqonbus/protocol';
import type { AuthResult } from '@arqonbus/auth';
import type { TenantId } from '@arqonbus/protocol';
import type { Connection, ListenerHandlers } from '@arqonbus/shield';
import { ctl } from '@arqonbus/spine';
import type { ChannelLog, KeyValue, LogEntry, Spine, SpineMessage } from '@arqonbus/spine';
import type { Invariant } from '@arqonbus/testkit';
import { isLogged } from '../sockets/repeat-frames.ts';
import { SOUND } from './parts.ts';
import type { Parts } from './parts.ts';

/** A build that is broken on purpose, and what the checker must say of it. */
export interface Mutation {
  readonly name: string;
  readonly breaks: Invariant;
  readonly parts: Parts;
}

/** How late a broken listener lets a subscriber into its topics. */
const LATE_MS = 300;

/** One for every mistake that the checker is there to find. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'a read of the log leaves out the first of several',
    breaks: 'nothing-lost',
    parts: { ...SOUND, log: skipFirst },
  },
  {
    name: 'gaps are not seen, whatever the previous sequence says',
    breaks: 'nothing-lost',
    parts: { ...SOUND, spine: hideGaps },
  },
  {
    name: 'who catches up comes into the topics too late',
    breaks: 'nothing-lost',
    parts: {
      ...SOUND,
      listener:
        (sound) =>
        (handlers, ...rest) =>
          sound(joinLate(handlers), ...rest),
    },
  },
  {
    name: 'what the log did not take is acknowledged all the same',
    breaks: 'nothing-lost',
    parts: { ...SOUND, log: acknowledgeAlways },
  },
  {
    name: 'a log that was lost goes on under its old epoch',
    breaks: 'nothing-lost',
    parts: { ...SOUND, log: keepEpoch },
  },
  {
    name: 'the log does not remember ids',
    breaks: 'one-order',
    parts: { ...SOUND, log: forgetIds },
  },
  {
    name: 'repeated frames have no position that the SDK could compare',
    breaks: 'no-duplicate',
    parts: {
      ...SOUND,
      frames: (sound) => (data) => sound(data).map((frame, n) => (n > 0 ? withoutSeq(frame) : frame)),
    },
  },
  {
    name: 'tenants are not told apart',
    breaks: 'no-foreign-tenant',
    parts: {
      ...SOUND,
      authenticator: (sound) => ({ authenticate: async (token) => inOneTenant(await sound.authenticate(token)) }),
    },
  },
  {
    name: 'bans are not watched, nor orders to disconnect heard',
    breaks: 'no-delivery-after-revocation',
    parts: {
      ...SOUND,
      keyValue: (sound) => ({
        bucket: (name) => (name === 'ARQON_BANS' ? unwatched(sound.bucket(name)) : sound.bucket(name)),
      }),
      spine: ignoreDisconnects,
    },
  },
  {
    name: 'what was stored is refused',
    breaks: 'nothing-refused-delivered',
    parts: { ...SOUND, log: refuseStored },
  },
];

function skipFirst(sound: ChannelLog): ChannelLog {
  const read: ChannelLog['read'] = async (address, range) => {
    const entries = await sound.read(address, range);
    const [gone, next, ...rest] = entries;
    if (range.order === 'newest' || gone === undefined || next === undefined) return entries;
    return [{ ...next, prevSeq: gone.prevSeq } satisfies LogEntry, ...rest];
  };
  return { ...sound, read };
}

function acknowledgeAlways(sound: ChannelLog): ChannelLog {
  let seq = 1_000_000;
  return {
    ...sound,
    append: (append) => sound.append(append).catch(() => ({ seq: seq++, epoch: 'made-up', duplicate: false })),
  };
}

function keepEpoch(sound: ChannelLog): ChannelLog {
  const epoch = 'ever-the-same';
  return {
    ...sound,
    append: async (append) => ({ ...(await sound.append(append)), epoch }),
    position: async (address) => ({ ...(await sound.position(address)), epoch }),
  };
}

function forgetIds(sound: ChannelLog): ChannelLog {
  let appended = 0;
  return { ...sound, append: (append) => sound.append({ ...append, id: `${append.id}-${appended++}` }) };
}

function refuseStored(sound: ChannelLog): ChannelLog {
  let appended = 0;
  return {
    ...sound,
    append: async (append) => {
      const stored = await sound.append(append);
      if (appended++ % 5 === 0) throw new BusError('UNAVAILABLE');
      return stored;
    },
  };
}

function hideGaps(sound: Spine): Spine {
  return {
    ...delegate(sound),
    subscribe: (filter, onMessage) => {
      const last = new Map<string, number>();
      return sound.subscribe(filter, (message: SpineMessage) => {
        const { subject, seq, prevSeq } = message;
        onMessage({ ...message, prevSeq: last.get(subject) ?? prevSeq });
        if (seq > 0) last.set(subject, seq);
      });
    },
  };
}

function ignoreDisconnects(sound: Spine): Spine {
  return {
    ...delegate(sound),
    subscribe: (filter, onMessage) =>
      sound.subscribe(filter, filter === ctl('disconnect') ? () => undefined : onMessage),
  };
}

function delegate(sound: Spine): Spine {
  return {
    publish: (...args) => sound.publish(...args),
    subscribe: (...args) => sound.subscribe(...args),
    request: (...args) => sound.request(...args),
    serve: (...args) => sound.serve(...args),
    flush: () => sound.flush(),
    status: () => sound.status(),
    onStatus: (listener) => sound.onStatus(listener),
    close: () => sound.close(),
  };
}

function unwatched(sound: KeyValue): KeyValue {
  return { ...sound, watch: (prefix) => sound.watch(prefix, () => undefined) };
}

function joinLate<D>(handlers: ListenerHandlers<D>): ListenerHandlers<D> {
  return {
    ...handlers,
    onOpen: (connection: Connection<D>) => {
      const subscribe = connection.subscribe.bind(connection);
      connection.subscribe = (topic) => void setTimeout(() => subscribe(topic), LATE_MS);
      handlers.onOpen(connection);
    },
  };
}

function withoutSeq(frame: string | ArrayBuffer): string | ArrayBuffer {
  if (!isLogged(frame)) return frame;
  return JSON.stringify({ ...JSON.parse(frame), seq: undefined, prev_seq: undefined, epoch: undefined });
}

function inOneTenant(result: AuthResult): AuthResult {
  return result.ok ? { ok: true, principal: { ...result.principal, tenant: 'acme' as TenantId } } : result;
}
