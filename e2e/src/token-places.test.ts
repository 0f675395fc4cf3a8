import { connectRaw } from '@arqonbus/testkit';
import { expect, test } from 'vitest';
import { startBus } from './harness/start-bus.ts';

// Where a token may stand, and who may hold it.

test.each([false, true])(
  '[PRT-2] [TEL-1] A-14: a token in the address counts only where that is switched on (%s), and is seen nowhere',
  async (isAllowed) => {
    const bus = await startBus({
      ARQONBUS_SERVER_QUERY_TOKEN: String(isAllowed),
      ARQONBUS_TELEMETRY_LOG_LEVEL: 'trace',
    });
    const good = await bus.token();
    const bad = `${good.slice(0, -20)}${'A'.repeat(20)}`;
    const knock = async (token: string): Promise<readonly [number, string]> => {
      const socket = await connectRaw({ port: bus.port, path: `/v1/socket?token=${token}` });
      const outcome = [socket.status, socket.body + JSON.stringify(socket.headers)] as const;
      socket.destroy();
      return outcome;
    };
    const [[statusOfGood, answerToGood], [statusOfBad, answerToBad]] = [await knock(good), await knock(bad)];
    expect([statusOfGood, statusOfBad]).toEqual([isAllowed ? 101 : 401, 401]);
    const scrapes = await bus.scrapes();
    await bus.stop();
    const shown = [bus.log(), answerToGood, answerToBad, ...scrapes].join('\n');
    for (const secret of [good, bad].flatMap((token) => [token, ...token.split('.').slice(1)]))
      expect([isAllowed, shown.includes(secret)]).toEqual([isAllowed, false]);
  },
);

test('[AUT-2] [AUT-5] A-13: a token is good from every address until it ends, and a ban or the cap of its user holds everywhere', async () => {
  const bus = await startBus({
    ARQONBUS_SERVER_TRUSTED_PROXIES: '127.0.0.1',
    ARQONBUS_LIMITS_CONNECTIONS_PER_USER: '2',
  });
  const token = await bus.token({ user: 'alice' });
  const from = (address: string): ReturnType<typeof connectRaw> =>
    connectRaw({ port: bus.port, headers: { authorization: `Bearer ${token}`, 'X-Forwarded-For': address } });
  const sockets = [await from('192.0.2.1'), await from('198.51.100.7')];
  expect(sockets.map(({ status }) => status)).toEqual([101, 101]);
  // A token that leaked shows itself here, and costs its user no more than these places.
  const third = await from('203.0.113.9');
  expect([third.status, third.body]).toEqual([429, expect.stringContaining('QUOTA_EXCEEDED')]);
  const admin = await bus.connect({ user: 'root', role: 'admin' });
  await admin.must('op.session.disconnect', { user: 'alice', ban_for_ms: 60_000 });
  expect((await Promise.all(sockets.map((socket) => socket.closed()))).map(({ code }) => code)).toEqual([4403, 4403]);
  expect((await from('192.0.2.1')).status).toBe(403);
  admin.end();
  await bus.stop();
});
