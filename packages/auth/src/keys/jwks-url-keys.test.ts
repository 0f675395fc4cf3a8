import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTokens } from '@arqonbus/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createJwtAuthenticator } from '../jwt/jwt-authenticator.ts';
import { createJwksUrlKeys } from './jwks-url-keys.ts';
import type { JwksUrlKeys, JwksUrlOptions } from './jwks-url-keys.ts';

const old = createTokens();
const next = createTokens();
const oldSet = old.jwkSet([old.jwk('RS256', 'old')]);
const overlap = old.jwkSet([old.jwk('RS256', 'old'), next.jwk('RS256', 'new')]);
const newSet = next.jwkSet([next.jwk('RS256', 'new')]);

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

let server: Server;
let url: string;
let requests: string[];
let respond: RequestListener;
let clockMs: number;

function serve(body: string): RequestListener {
  return (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(body);
}

const fail: RequestListener = (_request, response) => response.writeHead(500).end('down');

function createKeys(options: Partial<JwksUrlOptions> = {}): JwksUrlKeys {
  return createJwksUrlKeys({ url, fetch, now: () => clockMs, ...options });
}

/** What the keys say about the old and the new kid. */
async function outcome(keys: JwksUrlKeys, kid: string): Promise<string> {
  const lookup = await keys.find('RS256', kid);
  return lookup.ok ? 'found' : lookup.reason;
}

beforeEach(async () => {
  requests = [];
  respond = serve(oldSet);
  clockMs = Date.parse('2026-03-14T09:00:00Z');
  server = createServer((request, response) => {
    requests.push(request.url ?? '');
    respond(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

describe('rotation (A-08)', () => {
  it('[AUT-1] verifies tokens with fetched keys and asks once', async () => {
    const authenticator = createJwtAuthenticator({ keys: createKeys(), algorithms: ['RS256'], now: Date.now });
    const token = old.sign('RS256', {}, { kid: 'old' });
    const results = await Promise.all(Array.from({ length: 50 }, () => authenticator.authenticate(token)));
    expect(results.every((result) => result.ok)).toBe(true);
    expect(requests).toEqual(['/jwks']);
  });

  it('[AUT-1] learns a new kid at once, but not more often than the cooldown allows', async () => {
    const keys = createKeys();
    expect(await outcome(keys, 'old')).toBe('found');
    respond = serve(overlap);
    clockMs += 29 * SECOND;
    expect(await outcome(keys, 'new')).toBe('unknown_key');
    clockMs += SECOND;
    expect(await outcome(keys, 'new')).toBe('found');
    expect(await outcome(keys, 'old')).toBe('found');
    expect(requests).toHaveLength(2);
  });

  it('[AUT-1] refuses a removed key within the refresh time, also after a long quiet', async () => {
    const keys = createKeys();
    expect(await outcome(keys, 'old')).toBe('found');
    respond = serve(newSet);
    clockMs += 10 * MINUTE;
    expect(await outcome(keys, 'old')).toBe('unknown_key');
    clockMs += 5 * HOUR;
    respond = serve(oldSet);
    expect(await outcome(keys, 'new')).toBe('unknown_key');
  });

  it('[AUT-1] renews in the background before it must, without making a token wait', async () => {
    const keys = createKeys();
    await keys.load();
    let release = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      respond = (request, response) => {
        release = () => serve(newSet)(request, response);
        resolve();
      };
    });
    clockMs += 6 * MINUTE;
    expect(await outcome(keys, 'old')).toBe('found');
    await asked;
    release();
    expect(await outcome(keys, 'new')).toBe('found');
    expect(requests).toHaveLength(2);
  });

  it('[AUT-1] renews also when the clock was set back', async () => {
    const keys = createKeys();
    await keys.load();
    respond = serve(newSet);
    clockMs -= HOUR;
    expect(await outcome(keys, 'new')).toBe('found');
  });
});

describe('outage (A-11)', () => {
  it('[AUT-1] keeps the old keys up to the stale limit and then fails closed', async () => {
    const keys = createKeys();
    await keys.load();
    respond = fail;
    for (let hour = 1; hour < 24; hour++) {
      clockMs += HOUR;
      expect(await outcome(keys, 'old')).toBe('found');
    }
    clockMs += HOUR;
    expect(await outcome(keys, 'old')).toBe('keys_unavailable');
    expect(await keys.load()).toBe(false);
    const authenticator = createJwtAuthenticator({ keys, algorithms: ['RS256'], now: Date.now });
    const result = await authenticator.authenticate(old.sign('RS256', {}, { kid: 'old' }));
    expect(result).toMatchObject({ ok: false, code: 'UNAVAILABLE' });
    respond = serve(newSet);
    clockMs += MINUTE;
    expect(await outcome(keys, 'new')).toBe('found');
  });

  it('[AUT-1] does not call an unknown key wrong while it cannot ask', async () => {
    const keys = createKeys();
    await keys.load();
    respond = fail;
    clockMs += MINUTE;
    expect(await outcome(keys, 'new')).toBe('keys_unavailable');
  });

  it('[AUT-1] asks at most twice a minute, whatever a flood of unknown kids wants', async () => {
    for (const mode of [serve(oldSet), fail]) {
      requests = [];
      respond = mode;
      const keys = createKeys();
      for (let i = 0; i < 600; i++) {
        await Promise.all([outcome(keys, `flood-${i}`), outcome(keys, `${i}-flood`)]);
        clockMs += 100;
      }
      expect(requests).toHaveLength(2);
    }
  });

  it('[AUT-1] has one fetch in flight, for which all wait', async () => {
    const held: (() => void)[] = [];
    respond = (request, response) => held.push(() => serve(oldSet)(request, response));
    const keys = createKeys();
    const waiting = Array.from({ length: 20 }, () => outcome(keys, 'old'));
    await expect.poll(() => held.length).toBe(1);
    for (const release of held) release();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['found']));
    expect(requests).toHaveLength(1);
  });
});

describe('answers that are no key set (A-11)', () => {
  const good = serve(oldSet);
  const bad: Readonly<Record<string, RequestListener>> = {
    'an error': fail,
    'a page of HTML with status 200': (_request, response) => response.end('<!doctype html><title>Sign in</title>'),
    'no content': (_request, response) => response.writeHead(204).end(),
    'an empty set': serve('{"keys":[]}'),
    'cut-off JSON': serve(oldSet.slice(0, -3)),
    'bytes that are not UTF-8': (_request, response) => response.end(Buffer.from([0xff, 0xfe, 0x7b])),
    'ten megabytes': (_request, response) => response.end(Buffer.alloc(10_485_760, 0x20)),
    'ten megabytes without an announced length': (_request, response) => {
      for (let i = 0; i < 160; i++) response.write(Buffer.alloc(65_536, 0x20));
      response.end(oldSet);
    },
    'a redirect': (request, response) =>
      request.url === '/jwks' ? response.writeHead(302, { location: '/moved' }).end() : good(request, response),
    'a closed socket': (request) => request.socket.destroy(),
  };

  it.each(Object.entries(bad))('[AUT-1] refuses %s and keeps the keys it has', async (_, listener) => {
    const keys = createKeys();
    await keys.load();
    respond = listener;
    clockMs += 11 * MINUTE;
    expect(await outcome(keys, 'old')).toBe('found');
    expect(await outcome(keys, 'other')).toBe('keys_unavailable');
    expect(requests).toEqual(['/jwks', '/jwks']);
  });

  it.each(Object.entries(bad))('[AUT-1] has no keys after %s at first', async (_, listener) => {
    respond = listener;
    const keys = createKeys();
    expect(await keys.load()).toBe(false);
    expect(await outcome(keys, 'old')).toBe('keys_unavailable');
  });

  it('[AUT-1] gives up on an answer that never ends', async () => {
    respond = (_request, response) => void response.writeHead(200).write('{"keys":[');
    expect(await createKeys({ timeoutMs: 100 }).load()).toBe(false);
  });
});

describe('the address', () => {
  it('[AUT-1] is the only one ever asked, whatever tokens say (A-10)', async () => {
    const keys = createKeys();
    const authenticator = createJwtAuthenticator({ keys, algorithms: ['RS256'], now: Date.now });
    for (const iss of ['http://127.0.0.1:1/', `${url}/../evil`, 'https://{tenant}.example.com']) {
      await authenticator.authenticate(old.sign('RS256', { iss }, { kid: iss.slice(0, 60) }));
      await authenticator.authenticate(old.sign('RS256', { iss }, { kid: 'old', jku: `${url}?evil` }));
    }
    expect(requests).toEqual(['/jwks']);
  });

  it.each([
    '',
    'nonsense',
    'http://id.example.com/jwks',
    'ftp://127.0.0.1/jwks',
    'file:///etc/jwks.json',
    'https://user:pw@id.example.com/',
  ])('[AUT-1] is refused when it is %j', (bad) => {
    expect(() => createKeys({ url: bad })).toThrow('JWKS URL');
  });

  it('[AUT-1] may be any https address and loopback http', () => {
    for (const text of ['https://id.example.com/jwks', 'http://localhost:1/', 'http://[::1]/']) {
      expect(createKeys({ url: text }).find).toBeTypeOf('function');
    }
  });
});
