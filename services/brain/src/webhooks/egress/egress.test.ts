import { startWebhookSink } from '@arqonbus/testkit';
import type { WebhookSink } from '@arqonbus/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAddressRules } from './address-rules.ts';
import { createCheckedLookup } from './checked-lookup.ts';
import type { ResolveHost } from './checked-lookup.ts';
import { startHostileDns } from './hostile-dns.ts';
import { parseTarget } from './parse-target.ts';
import { createPoster } from './post.ts';
import type { PostOutcome } from './post.ts';

const strict = { allowHttp: false, ports: ['443', '8443'], addresses: createAddressRules([]) };

describe('addresses of webhooks', () => {
  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '192.0.2.1',
    '198.18.0.1',
    '198.51.100.7',
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    'fc00::1',
    'ff02::1',
    '::ffff:10.0.0.1',
    '::ffff:127.0.0.1',
    '::127.0.0.1',
    '64:ff9b::a00:1',
    '64:ff9b:1::a00:1',
    '2002:a00:1::',
    '2001::1',
    '2001:db8::1',
    'fec0::1',
    'localhost',
    '',
  ])('[WHK-4] N-02: %s is not reached', (address) => {
    expect(strict.addresses.isAllowed(address)).toBe(false);
  });

  it.each(['93.184.216.34', '8.8.8.8', '172.32.0.1', '2606:2800:220:1:248:1893:25c8:1946', '::ffff:93.184.216.34'])(
    '[WHK-4] %s is',
    (address) => {
      expect(strict.addresses.isAllowed(address)).toBe(true);
    },
  );

  it('[WHK-4] those that the operator allows are, and their neighbours are not', () => {
    const rules = createAddressRules(['10.1.0.0/16', '::1', '192.168.7.9']);
    const asked = ['10.1.255.255', '::ffff:10.1.0.1', '::1', '192.168.7.9', '10.2.0.0', '192.168.7.8', '::2'];
    expect(asked.map((address) => rules.isAllowed(address))).toEqual([true, true, true, true, false, false, false]);
  });

  it.each([
    ['https://2130706433/', 'not public'],
    ['https://0x7f.1/', 'not public'],
    ['https://0177.0.0.01/', 'not public'],
    ['https://127.1/', 'not public'],
    ['https://\uff11\uff12\uff17.0.0.1/', 'not public'],
    ['https://[::ffff:7f00:1]/', 'not public'],
    ['https://[::]/', 'not public'],
    ['http://hooks.example/', 'https'],
    ['ftp://hooks.example/', 'https'],
    ['file:///etc/passwd', 'https'],
    ['gopher://hooks.example/', 'https'],
    ['https://user:pw@hooks.example/', 'user or password'],
    ['https://user@hooks.example/', 'user or password'],
    ['https://hooks.example:22/', 'port'],
    ['https://hooks.example:6379/', 'port'],
    ['https://hooks.example:80/', 'port'],
    ['hooks.example', 'no URL'],
    [`https://hooks.example/${'x'.repeat(2_100)}`, 'too long'],
  ])('[WHK-4] N-02 N-05: %s is refused: %s', (url, why) => {
    expect(parseTarget(url, strict)).toEqual({ ok: false, problem: expect.stringContaining(why) });
  });

  it('[WHK-4] N-05: what a URL hides is where it says it goes', () => {
    expect(parseTarget('https://hooks.example#@127.0.0.1/', strict)).toMatchObject({ ok: true });
    const parsed = parseTarget('https://HOOKS.example:443/a?b=c#d', strict);
    expect(parsed).toMatchObject({ ok: true, url: { href: 'https://hooks.example/a?b=c' } });
  });
});

describe('requests to webhooks', () => {
  let sink: WebhookSink;

  beforeEach(async () => {
    sink = await startWebhookSink();
  });

  afterEach(() => sink.close());

  async function post(
    url: string,
    resolve: ResolveHost,
    allowed: readonly string[] = [],
    timeoutMs = 5_000,
  ): Promise<PostOutcome> {
    const rules = { allowHttp: true, ports: ['*'], addresses: createAddressRules(allowed) };
    const poster = createPoster(rules, createCheckedLookup(resolve, rules.addresses));
    const outcome = await poster.post({ url, headers: { 'x-of-ours': '1' }, body: Buffer.from('{}'), timeoutMs });
    poster.close();
    return outcome;
  }

  it('[WHK-4] N-03: a name that leads to this machine is not connected to, whatever it said before', async () => {
    const dns = await startHostileDns([['93.184.216.34'], ['127.0.0.1']]);
    expect(await dns.resolve('rebind.example')).toEqual(['93.184.216.34']);
    const outcome = await post(`http://rebind.example:${sink.port}/`, dns.resolve);
    expect(outcome).toEqual({ kind: 'failed', reason: 'blocked' });
    expect(sink.requests).toEqual([]);
    await dns.close();
  });

  it('[WHK-4] N-03: a name with one bad address among good ones is not connected to', async () => {
    const dns = await startHostileDns([['93.184.216.34', '10.0.0.1']]);
    expect(await post('http://mixed.example/', dns.resolve)).toEqual({ kind: 'failed', reason: 'blocked' });
    await dns.close();
  });

  it('[WHK-4] N-03: the address that was checked is the one that is connected to: there is no second look-up', async () => {
    const dns = await startHostileDns([['127.0.0.1'], ['10.255.255.1']]);
    const outcome = await post(`http://once.example:${sink.port}/`, dns.resolve, ['127.0.0.1']);
    expect(outcome).toMatchObject({ kind: 'answered', status: 204 });
    expect([dns.asked(), sink.requests[0]?.headers['host']]).toEqual([1, `once.example:${sink.port}`]);
    await dns.close();
  });

  it.each([301, 302, 307, 308])('[WHK-4] N-04: a redirect (%i) is an answer, and is not followed', async (status) => {
    sink.answer(
      (_, response) => void response.writeHead(status, { location: `http://127.0.0.1:${sink.port}/next` }).end(),
    );
    const outcome = await post(sink.url, async () => [], ['127.0.0.1']);
    expect(outcome).toMatchObject({ kind: 'answered', status });
    expect(sink.requests).toHaveLength(1);
  });

  it('[WHK-4] N-06: no more than 64 KiB of an answer are read, and no answer takes longer than its time', async () => {
    sink.answer((_, response) => {
      response.writeHead(200);
      const write = (): void => {
        if (response.write(Buffer.alloc(65_536))) setImmediate(write);
        else response.once('drain', write);
      };
      write();
    });
    expect(await post(sink.url, async () => [], ['127.0.0.1'])).toMatchObject({ kind: 'answered', status: 200 });
    sink.answer((_, response) => void response.writeHead(200).write('x'));
    expect(await post(sink.url, async () => [], ['127.0.0.1'], 200)).toEqual({ kind: 'failed', reason: 'timeout' });
    sink.answer(() => undefined);
    expect(await post(sink.url, async () => [], ['127.0.0.1'], 200)).toEqual({ kind: 'failed', reason: 'timeout' });
    sink.answer((_, response) => void response.writeHead(200, { 'x-much': 'x'.repeat(20_000) }).end());
    expect(await post(sink.url, async () => [], ['127.0.0.1'])).toEqual({ kind: 'failed', reason: 'connection' });
  });
});
