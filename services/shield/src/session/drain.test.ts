import { describe, expect, it } from 'vitest';
import { drainSessions } from './drain.ts';
import { createSessionRegistry } from './session-registry.ts';
import { createTestEnvelopes, createTestSession, testSend, turn } from './session-rig.ts';
import type { TestConnection } from './session-rig.ts';
import type { Session } from './session.ts';

interface Member {
  readonly session: Session;
  readonly connection: TestConnection;
}

function createRig(count: number, windowMs: number) {
  const sessions = createSessionRegistry();
  const members: Member[] = Array.from({ length: count }, () => createTestSession());
  for (const { session } of members) sessions.add(session);
  const timers: { readonly run: () => void; readonly afterMs: number }[] = [];
  let isDone = false;
  const randoms = [0, 0.25, 0.5, 0.999];
  let calls = 0;
  const start = (): void => {
    const done = drainSessions({
      sessions,
      envelopes: createTestEnvelopes(),
      send: testSend,
      windowMs,
      random: () => randoms[(calls += 1) % randoms.length] ?? 0,
      startTimer: (run, afterMs) => timers.push({ run, afterMs }),
    });
    void done.then(() => {
      isDone = true;
    });
  };
  const step = async (): Promise<number> => {
    const timer = timers.shift();
    timer?.run();
    await turn();
    return timer?.afterMs ?? 0;
  };
  /** What the listener does after a close. */
  const leave = (member: Member | undefined): void => {
    if (member !== undefined) sessions.remove(member.session);
  };
  return { sessions, members, start, step, leave, timers, isDone: () => isDone };
}

const told = (members: readonly Member[]): number =>
  members.filter(({ connection }) => connection.frames.length > 0).length;
const closed = (members: readonly Member[]): number =>
  members.filter(({ connection }) => connection.closeCode === 1012).length;

describe('draining', () => {
  it('[DPL-3] tells and closes the clients in slices, over half of the window', async () => {
    const rig = createRig(100, 30_000);
    rig.start();
    expect([told(rig.members), closed(rig.members)]).toEqual([5, 0]);
    let passedMs = await rig.step();
    expect(passedMs).toBe(750);
    expect([told(rig.members), closed(rig.members)]).toEqual([10, 5]);
    while (closed(rig.members) < 100) passedMs += await rig.step();
    expect(told(rig.members)).toBe(100);
    expect(passedMs).toBeLessThanOrEqual(15_000);
  });

  it('[DPL-3] leaves a step between the notice and 1012, in which acknowledgements still arrive', async () => {
    const rig = createRig(1, 1_000);
    rig.start();
    const [member] = rig.members;
    expect(member?.connection.payloads()).toMatchObject([{ event: 'going_away' }]);
    expect(member?.session.isClosing).toBe(false);
    await rig.step();
    expect(member?.connection.closeCode).toBe(1012);
  });

  it('[DPL-3] waits for acknowledgements that are on their way, but not for ever', async () => {
    const rig = createRig(2, 1_000);
    const [first, second] = rig.members;
    for (const { session } of rig.members) session.unacknowledged = 1;
    rig.start();
    let passedMs = 0;
    for (let n = 0; n < 5; n++) passedMs += await rig.step();
    expect(closed(rig.members)).toBe(0);
    if (first !== undefined) first.session.unacknowledged = 0;
    passedMs += await rig.step();
    expect([first?.connection.closeCode, second?.session.isClosing]).toEqual([1012, false]);
    while (closed(rig.members) < 2) passedMs += await rig.step();
    expect(passedMs).toBeLessThanOrEqual(500);
  });

  it.each([
    { clients: 4, windowMs: 30_000, why: '10 ms for each of few', spreadMs: 40 },
    { clients: 10_000, windowMs: 30_000, why: 'the window', spreadMs: 30_000 },
    { clients: 10_000, windowMs: 3_600_000, why: 'a minute at the most', spreadMs: 60_000 },
  ])('[DPL-3] asks $clients clients back spread over $why', ({ clients, windowMs, spreadMs }) => {
    const rig = createRig(clients, windowMs);
    rig.start();
    rig.timers[0]?.run();
    const waits = rig.members
      .flatMap(({ connection }) => connection.payloads())
      .map((payload) => (payload as { reconnect_in_ms: number }).reconnect_in_ms);
    expect(waits.slice(0, 2)).toEqual([spreadMs / 4, spreadMs / 2]);
    expect(waits.every((ms) => ms < spreadMs)).toBe(true);
  });

  it('[DPL-3] ends as soon as the last client is gone, without waiting for the window', async () => {
    const rig = createRig(2, 30_000);
    rig.start();
    await rig.step();
    await rig.step();
    rig.leave(rig.members[0]);
    expect(await rig.step()).toBeLessThanOrEqual(50);
    expect(rig.isDone()).toBe(false);
    rig.leave(rig.members[1]);
    await rig.step();
    expect(rig.isDone()).toBe(true);
    expect(rig.timers).toEqual([]);
  });

  it('[DPL-3] ends at once where nobody is connected', async () => {
    const rig = createRig(0, 30_000);
    rig.start();
    await turn();
    expect(rig.isDone()).toBe(true);
  });

  it('[DPL-3] sends away late ones, too, whose upgrade had been answered before', async () => {
    const rig = createRig(1, 1_000);
    rig.start();
    const late = createTestSession();
    rig.sessions.add(late.session);
    await rig.step();
    await rig.step();
    expect(late.connection.closeCode).toBe(1012);
  });

  it('[DPL-3] tells all at once where there is no window', () => {
    const rig = createRig(40, 0);
    rig.start();
    expect(told(rig.members)).toBe(40);
  });
});
