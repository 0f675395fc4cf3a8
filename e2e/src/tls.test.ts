import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { BridgeService } from '@arqonbus/protocol/bridge-messages';
import { connectRaw, createTestCertificate } from '@arqonbus/testkit';
import type { TestCertificate } from '@arqonbus/testkit';
import { createClient } from '@connectrpc/connect';
import { Http2SessionManager, createGrpcTransport } from '@connectrpc/connect-node';
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

const tlsFiles = {
  ARQONBUS_SERVER_TLS_CERT_FILE: path('tls.crt'),
  ARQONBUS_SERVER_TLS_KEY_FILE: path('tls.key'),
};

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
    const bus = await startBus({ ARQONBUS_SERVER_LISTENER: listener, ...tlsFiles });
    const expiry = 'arqonbus_tls_certificate_expiry_timestamp_seconds{listener="shield"}';
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

describe('TLS on the Bridge', () => {
  it('[BRG-1] [AUT-6] is ended by it for HTTP and gRPC; a renewed certificate is served without ending a stream', async () => {
    install(first);
    const bus = await startBus(tlsFiles, 0, 1);
    expect([bus.bridgeUrl, bus.grpcUrl].map((url) => new URL(url).protocol)).toEqual(['https:', 'https:']);
    const scrape = (await bus.scrapes()).join('');
    for (const listener of ['bridge', 'grpc'])
      expect(scrape).toContain(`arqonbus_tls_certificate_expiry_timestamp_seconds{listener="${listener}"}`);
    const ca = [first.cert, second.cert];
    const sessions = new Http2SessionManager(bus.grpcUrl, {}, { ca });
    const transport = createGrpcTransport({ baseUrl: bus.grpcUrl, sessionManager: sessions });
    const client = createClient(BridgeService, transport);
    const options = { headers: { authorization: `Bearer ${await bus.token()}` } };
    const message = { room: 'lab', channel: 'bench', payload: new TextEncoder().encode('"by TLS"') };
    const { epoch } = await client.publish({ message }, options);
    const target = { room: 'lab', channel: 'bench', after: { epoch, seq: 0n } };
    const followed = client.follow(target, options)[Symbol.asyncIterator]();
    expect((await followed.next()).done).toBe(false);

    install(second);
    for (const url of [bus.bridgeUrl, bus.grpcUrl]) {
      await vi.waitFor(async () => expect(await serialAt(Number(new URL(url).port), ca)).toBe('02'), {
        timeout: 10_000,
      });
    }
    const after = followed.next();
    await client.publish({ message }, options);
    expect((await after).done).toBe(false);
    await expect(serialAt(Number(new URL(bus.grpcUrl).port), [first.cert])).rejects.toThrow(/certificate/);
    // Drained while the stream is open: it ends, and the process does.
    await bus.stop();
    const isOver = followed.next().then(
      ({ done }) => done === true,
      () => true,
    );
    expect(await isOver).toBe(true);
    sessions.abort();
  });
});

/** The serial number of the certificate that is served at a port of this machine. */
async function serialAt(port: number, ca: readonly string[]): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, ca: [...ca], ALPNProtocols: ['h2', 'http/1.1'] });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}
