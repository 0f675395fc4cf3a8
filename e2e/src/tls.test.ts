import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectRaw, createTestCertificate } from '@arqonbus/testkit';
import type { TestCertificate } from '@arqonbus/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { listeners } from './harness/both-listeners.ts';
import { connectJson } from './harness/json-client.ts';
import { startBus } from './harness/start-bus.ts';

const folder = mkdtempSync(join(tmpdir(), 'arqon-e2e-tls-'));
const path = (name: string): string => join(folder, name);
let first: TestCertificate;
let second: TestCertificate;

beforeAll(() => {
  [first, second] = [createTestCertificate(1), createTestCertificate(2)];
});

afterAll(() => rmSync(folder, { recursive: true }));

function install({ cert, key }: TestCertificate): void {
  for (const [name, text] of [
    ['tls.key', key],
    ['tls.crt', cert],
  ] as const) {
    writeFileSync(path(`${name}.new`), text);
    renameSync(path(`${name}.new`), path(name));
  }
}

describe.each(listeners)('TLS on %s', (listener) => {
  it('[AUT-6] is ended by the Shield; a renewed certificate is served without dropping anybody', async () => {
    install(first);
    const bus = await startBus({
      ARQONBUS_SERVER_LISTENER: listener,
      ARQONBUS_SERVER_TLS_CERT_FILE: path('tls.crt'),
      ARQONBUS_SERVER_TLS_KEY_FILE: path('tls.key'),
    });
    const expiry = 'arqonbus_tls_certificate_expiry_timestamp_seconds';
    expect([new URL(bus.wsUrl).protocol, new URL(bus.telemetryUrl).protocol]).toEqual(['wss:', 'wss:']);
    expect(await bus.metric(expiry)).toBeGreaterThan(Date.now() / 1_000 + 86_400);
    const order = { port: bus.port, token: await bus.token() };
    const early = await connectJson({ ...order, tls: { ca: first.cert } });
    await early.must('join_channel', { room: 'lab', channel: 'bench' });

    install(second);
    const ca = [first.cert, second.cert];
    const serialOf = async (port: number): Promise<string> => {
      const socket = await connectRaw({ port, tls: { ca } });
      socket.destroy();
      return socket.certificateSerial;
    };
    const telemetryPort = Number(new URL(bus.telemetryUrl).port);
    for (const port of [bus.port, telemetryPort]) {
      await vi.waitFor(async () => expect(await serialOf(port)).toBe('02'), { timeout: 10_000 });
    }

    const late = await connectJson({ ...order, tls: { ca: second.cert } });
    await late.must('join_channel', { room: 'lab', channel: 'bench' });
    expect((await late.publish('lab:bench', { text: 'after the renewal' })).status).toBe('success');
    expect((await early.nextEvent()).payload).toEqual({ text: 'after the renewal' });
    expect(early.socket.certificateSerial).toBe('01');
    early.end();
    late.end();
    await bus.stop();
  });
});
