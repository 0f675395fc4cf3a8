import { fileURLToPath } from 'node:url';
import { endless, refuseByte, replaceBy, wat } from '@arqonbus/policy/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshTenants } from './harness/fresh-tenants.ts';
import type { JsonClient } from './harness/json-client.ts';
import { runArqon } from './harness/run-arqon.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// Policies that judge at the edge (05, "WASM policies").

let bus: Bus;
const tenants = freshTenants(() => bus);
const { enter } = tenants;

beforeAll(async () => {
  bus = await startBus();
});
afterAll(() => bus.stop());

/** One who writes and one who reads, in a cluster at two Shields, and an administrator. */
async function enterLab(order = {}): Promise<readonly [JsonClient, JsonClient, JsonClient]> {
  const pair = [await enter({ user: 'alice', ...order }), await enter({ user: 'bob', ...order })] as const;
  for (const client of pair) await client.must('join_channel', { room: 'lab', channel: 'bench' });
  return [...pair, await enter({ user: 'root', role: 'admin', ...order })];
}

function base64(text: string): string {
  return Buffer.from(wat(text)).toString('base64');
}

const TILDE = 126;

describe('a policy', () => {
  it('[WSM-1] [WSM-6] judges at every Shield within a second of being bound, in its tenant and where its pattern says', async () => {
    const [alice, bob, admin] = await enterLab();
    const foreign = await enterLab({ tenant: `${tenants.tenant}-other` });
    const put = await admin.must('op.policy.put', {
      name: 'no-tilde',
      wasm: base64(refuseByte(TILDE, 'no tilde here')),
    });
    expect(put).toMatchObject({
      name: 'no-tilde',
      version: 1,
      abi: 'arqon_host_v1',
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await alice.publish('lab:bench', { text: '~' })).toMatchObject({ status: 'success' });
    await admin.must('op.policy.bind', { name: 'no-tilde', pattern: 'lab:*' });
    const boundAt = performance.now();
    for (const client of [alice, bob]) {
      await expect
        .poll(async () => (await client.publish('lab:bench', { text: '~' })).error_code)
        .toBe('POLICY_BLOCKED');
    }
    expect(performance.now() - boundAt).toBeLessThan(1_000);
    expect(await alice.publish('lab:bench', { text: '~' })).toMatchObject({
      type: 'error',
      error_code: 'POLICY_BLOCKED',
      payload: { errors: [{ field: 'policy/no-tilde', problem: 'FORBIDDEN: no tilde here' }] },
    });
    expect(await alice.publish('lab:bench', { text: 'clean' })).toMatchObject({ status: 'success' });
    expect(await foreign[0].publish('lab:bench', { text: '~' })).toMatchObject({ status: 'success' });
    await alice.must('join_channel', { room: 'open', channel: 'bench' });
    expect(await alice.publish('open:bench', { text: '~' })).toMatchObject({ status: 'success' });
    expect(await admin.must('op.policy.unbind', { name: 'no-tilde' })).toEqual({ unbound: 1 });
    await expect.poll(async () => (await bob.publish('lab:bench', { text: '~' })).status).toBe('success');
  });

  it('[WSM-2] that never ends blocks by its fuel, and what others send goes on meanwhile', async () => {
    const [alice, bob, admin] = await enterLab();
    const [carol] = await enterLab({ tenant: `${tenants.tenant}-other` });
    await admin.must('op.policy.put', { name: 'endless', wasm: base64(endless) });
    await admin.must('op.policy.bind', { name: 'endless', pattern: '*' });
    await expect.poll(async () => (await alice.publish('lab:bench', { n: 1 })).error_code).toBe('POLICY_ERROR');
    expect(await bob.publish('lab:bench', { n: 2 })).toMatchObject({
      payload: { errors: [{ field: 'policy/endless', problem: 'fuel' }] },
    });
    // Ten times in a row, and it is not asked any more for a while: it costs others nothing then.
    await expect
      .poll(async () => {
        for (let n = 0; n < 10; n += 1) alice.send({ type: 'event', room: 'lab:bench', payload: { n } });
        return (await alice.publish('lab:bench', { n: 10 })).payload;
      })
      .toMatchObject({ errors: [{ field: 'policy/endless', problem: 'suspended' }] });
    expect(await carol.publish('lab:bench', { n: 3 })).toMatchObject({ status: 'success' });
    // Who administrates is not judged: else nobody could take it out of force.
    expect(await admin.must('op.policy.unbind', { name: 'endless', pattern: '*' })).toEqual({ unbound: 1 });
    await expect.poll(async () => (await alice.publish('lab:bench', { n: 4 })).status).toBe('success');
  });

  it('[WSM-4] [SAF-6] may put something else in the place of a payload, which is looked at once more', async () => {
    const [alice, bob, admin] = await enterLab();
    await admin.must('op.policy.put', { name: 'mask', wasm: base64(replaceBy('{"text":"masked"}')) });
    await admin.must('op.policy.bind', { name: 'mask', pattern: 'lab:*', order: 5 });
    await expect
      .poll(async () => {
        await alice.publish('lab:bench', { text: 'secret' });
        return (await bob.nextEvent()).payload;
      })
      .toEqual({ text: 'masked' });
    const key = ['AKIA', 'Q3EGRZ7XUWL5P2MN'].join('');
    await admin.must('op.casil.reload', { enabled: true, mode: 'enforce' });
    await admin.must('op.policy.put', { name: 'mask', wasm: base64(replaceBy(`{"text":"${key}"}`)) });
    await admin.must('op.policy.bind', { name: 'mask', pattern: 'lab:*' });
    await expect
      .poll(async () => (await alice.publish('lab:bench', { text: 'clean' })).error_code)
      .toBe('CASIL_POLICY_BLOCKED_SECRET');
    await admin.must('op.policy.put', { name: 'mask', wasm: base64(replaceBy('{"text":')) });
    await admin.must('op.policy.bind', { name: 'mask', pattern: 'lab:*' });
    await expect
      .poll(async () => (await alice.publish('lab:bench', { text: 'clean' })).payload)
      .toMatchObject({ errors: [{ field: 'policy/mask', problem: 'bad_payload' }] });
  });

  it('[WSM-3] is refused with the reason where it is none, and what was there stays', async () => {
    const admin = await enter({ user: 'root', role: 'admin' });
    const refused = await admin.command('op.policy.put', {
      name: 'wasi',
      wasm: base64(
        '(module (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32))) (memory (export "memory") 1))',
      ),
    });
    expect(refused).toMatchObject({
      error_code: 'VALIDATION_ERROR',
      error: expect.stringContaining('wasi_snapshot_preview1.random_get'),
    });
    expect(await admin.command('op.policy.bind', { name: 'wasi', pattern: '*' })).toMatchObject({
      error_code: 'NOT_FOUND',
    });
    expect(await admin.must('op.policy.list')).toEqual({ items: [] });
  });

  it('[WSM-1] is tested, tried beside the one in force, and deleted once it is not bound', async () => {
    const [alice, , admin] = await enterLab();
    for (const [byte, reason] of [
      [TILDE, 'no tilde'],
      [33, 'no bang'],
    ] as const) {
      await admin.must('op.policy.put', { name: 'filter', wasm: base64(refuseByte(byte, reason)) });
    }
    const test = { name: 'filter', version: 1, payload: { text: '~' }, context: { room: 'lab' } };
    expect(await admin.must('op.policy.test', test)).toMatchObject({ verdict: 'reject', reason: 'no tilde' });
    expect(await admin.must('op.policy.test', { ...test, version: 2 })).toMatchObject({ verdict: 'allow' });
    await admin.must('op.policy.bind', { name: 'filter', version: 1, pattern: 'lab:*' });
    await admin.must('op.policy.dry_run', { name: 'filter', version: 2, minutes: 5 });
    // A Shield tells what it has seen itself: whose is asked is one that messages go through.
    const watcher = await enter({ user: 'root', role: 'admin' });
    await expect
      .poll(async () => {
        await alice.publish('lab:bench', { text: '!' });
        const seen = [admin, watcher].map((client) => client.must('op.policy.dry_run', { name: 'filter' }));
        return Promise.all(seen);
      })
      .toContainEqual(
        expect.objectContaining({
          version: 2,
          differences: expect.arrayContaining([
            expect.objectContaining({ room: 'lab', bound: 'allow', candidate: 'reject FORBIDDEN' }),
          ]),
        }),
      );
    expect(await alice.publish('lab:bench', { text: '!' })).toMatchObject({ status: 'success' });
    expect(await admin.command('op.policy.delete', { name: 'filter' })).toMatchObject({ error_code: 'CONFLICT' });
    expect(await admin.must('op.policy.delete', { name: 'filter', version: 2 })).toEqual({ deleted: 1 });
    await admin.must('op.policy.unbind', { name: 'filter' });
    expect(await admin.must('op.policy.delete', { name: 'filter' })).toEqual({ deleted: 1 });
    expect(await admin.must('op.policy.list')).toEqual({ items: [] });
  });

  it('[WSM-1] [CLI-1] is put, bound, tried, taken out of force and deleted by the command line', async () => {
    const [alice] = await enterLab();
    const token = await bus.token({ tenant: tenants.tenant, user: 'root', role: 'admin' });
    const runAny = async (...args: readonly string[]): Promise<string> => {
      const arqon = runArqon([...args, '--ws-url', bus.wsUrl, '--jwt', token]);
      const code = await arqon.exited;
      return `${code} ${arqon.stdout()}${arqon.stderr()}`;
    };
    const run = (...args: readonly string[]): Promise<string> => runAny('policy', ...args);
    const module = fileURLToPath(new URL('../../examples/policies/rust/word_filter.wasm', import.meta.url));
    expect(await run('put', 'words', module)).toMatch(/^0 words version 1, sha256 [0-9a-f]{64}\n/);
    expect(await run('bind', 'words', 'lab:*', '--version', '1', '--order', '-2')).toBe(
      '0 words version 1 judges lab:*\n',
    );
    const word = { text: 'Best casino in town' };
    await expect.poll(async () => (await alice.publish('lab:bench', word)).error_code).toBe('POLICY_BLOCKED');
    expect(await runAny('publish', 'lab:bench', JSON.stringify(word))).toBe(
      '1 arqon: A policy refused the content: policy/words WORD: "casino" is not welcome here\n',
    );
    expect(await run('list')).toBe('0 words  version 1, 2165 bytes  lab:* (-2)\n');
    expect(await run('dry-run', 'words', '--minutes', '1')).toMatch(/^0 \d+ compared at this Shield, 0 different/);
    expect(await run('unbind', 'words')).toBe('0 words is out of force in 1 places\n');
    expect(await run('delete', 'words', '--version', '1')).toBe('0 1 deleted\n');
    await expect.poll(async () => (await alice.publish('lab:bench', word)).status).toBe('success');
  });
});
