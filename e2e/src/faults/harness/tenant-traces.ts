import type { Answer, FollowedClient } from './followed-client.ts';

/** Channels that two tenants have under the same names: one without a log, one with. */
export const SHARED: { readonly talk: ChannelName; readonly kept: ChannelName } = {
  talk: { room: 'shared', channel: 'talk' },
  kept: { room: 'shared', channel: 'kept' },
};

interface ChannelName {
  readonly room: string;
  readonly channel: string;
}

/** For clusters of tests about tenants: `*:kept` has a log, all else has none. */
export const TENANT_RULES: Readonly<Record<string, string>> = {
  ARQONBUS_LOG_RULES: JSON.stringify([
    { pattern: '*:kept', profile: 'default' },
    { pattern: '*:*', profile: 'live' },
  ]),
};

/** Does everything that leaves a trace, with the tenant's canary wherever text may stand. Both are administrators. */
export async function leaveTraces(
  canary: string,
  [near, far]: readonly [FollowedClient, FollowedClient],
  rounds: number,
): Promise<void> {
  await near.must('create_channel', { room: 'shared', channel: canary, description: canary });
  await near.must('join_channel', { room: canary, channel: canary });
  const reason = canary;
  await near.must('op.session.disconnect', { user: `${canary}-gone`, ban_for_ms: 600_000, reason });
  for (let round = 0; round < rounds; round++) {
    const text = `${canary} ${round}`;
    const more = { metadata: { note: canary } };
    await Promise.all([
      near.publish('shared:talk', text, more),
      far.publish('shared:talk', text, more),
      far.publish('shared:kept', text, more),
      far.publish('shared:*', text),
      near.ask({ type: 'private', to: far.clientId, payload: text, ack: true }),
      far.ask({ type: 'private', to: 'user:alice', payload: text, ack: true }),
      near.ask({ type: 'telemetry', payload: { eventType: 'tick', text }, ack: true }),
    ]);
  }
  await near.command('join_channel', { room: 'shared', channel: `${canary}!` });
}

/**
 * Asks through every path that reads: lists, counts, history in both orders, members, and recovery from the beginning,
 * of the tenant's own channels and of those that only the `foreign` one has.
 */
export async function readEverything(client: FollowedClient, foreign: string): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  const ask = async (name: string, args: object = {}): Promise<Answer> => {
    const answer = await client.command(name, args);
    answers.push(answer);
    return answer;
  };
  const foreignNames = [
    { room: 'shared', channel: foreign },
    { room: foreign, channel: foreign },
  ];
  for (const target of [SHARED.talk, SHARED.kept, ...foreignNames]) {
    for (const name of ['channel_info', 'list_channels', 'history']) await ask(name, target);
    await ask('history', { ...target, order: 'oldest', limit: 1_000 });
  }
  for (const target of [SHARED.talk, SHARED.kept]) {
    const { payload } = await ask('join_channel', { ...target, presence: true, history: 100 });
    await ask('leave_channel', target);
    await ask('join_channel', { ...target, from: { epoch: payload['epoch'] ?? 'x', seq: 0 } });
  }
  for (const name of ['list_rooms', 'status', 'help', 'op.ban.list']) await ask(name);
  return answers;
}

/** Whether a frame is something that somebody sent. */
export function isDelivery({ type }: { readonly type: string }): boolean {
  return ['event', 'private', 'telemetry'].includes(type);
}
