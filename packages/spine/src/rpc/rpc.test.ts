import { describe, expect, it } from 'vitest';
import { BusError } from '@arqonbus/protocol';
import { BrainReplySchema, create, fromBinary, toBinary } from '@arqonbus/protocol/spine-messages';
import { deadlineIn } from '../deadline.ts';
import { createLocalSpine } from '../local/local-spine.ts';
import { rpc } from '../subjects/subjects.ts';
import { callBrain, serveBrain } from './brain-methods.ts';
import type { BrainHandler } from './brain-methods.ts';

const lift = rpc('bans', 'lift');

function createFixture(handler: BrainHandler<'bans.lift'>) {
  const spine = createLocalSpine();
  const malformed: string[] = [];
  const failures: unknown[] = [];
  const answered: unknown[] = [];
  const observer = {
    onAnswered: (method: string, durationMs: number, code: string) =>
      void answered.push([method, durationMs >= 0 && durationMs < 1_000, code]),
    onMalformed: (subject: string) => void malformed.push(subject),
    onFailure: (_: string, error: unknown) => void failures.push(error),
  };
  serveBrain(spine, 'bans.lift', handler, observer);
  const call = () => callBrain(spine, 'bans.lift', { tenant: 'acme', user: 'mallory' }, deadlineIn(2_000));
  return { spine, malformed, failures, answered, call };
}

describe('methods of the Brain', () => {
  it('[SPN-3] carry request and result as arqon.v1 messages', async () => {
    const { call } = createFixture(({ tenant, user }) => ({ lifted: tenant === 'acme' && user === 'mallory' }));
    await expect(call()).resolves.toMatchObject({ lifted: true });
  });

  it('[TEL-2] tell how long each took and how it ended', async () => {
    const outcomes = [
      { lifted: true },
      new BusError('QUOTA_EXCEEDED', 'Seven are enough.'),
      new TypeError('a bug of ours'),
    ];
    const { call, answered, spine } = createFixture(() => {
      const outcome = outcomes.shift();
      if (outcome instanceof Error) throw outcome;
      return outcome ?? {};
    });
    await call();
    await expect(call()).rejects.toThrow(BusError);
    await expect(call()).rejects.toThrow(BusError);
    await spine.request(lift, new Uint8Array([255]), 1_000);
    expect(answered).toEqual([
      ['bans.lift', true, ''],
      ['bans.lift', true, 'QUOTA_EXCEEDED'],
      ['bans.lift', true, 'INTERNAL_ERROR'],
      ['bans.lift', true, 'VALIDATION_ERROR'],
    ]);
  });

  it('[PRD-3] hand on the refusal of the handler, code and text', async () => {
    const { call, failures } = createFixture(() => Promise.reject(new BusError('QUOTA_EXCEEDED', 'Seven are enough.')));
    await expect(call()).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED', message: 'Seven are enough.' });
    expect(failures).toEqual([]);
  });

  it('[PRT-10] hide what a failing handler threw, and report it', async () => {
    const bug = new TypeError('secret detail');
    const { call, failures } = createFixture(() => {
      throw bug;
    });
    await expect(call()).rejects.toMatchObject({
      code: 'INTERNAL_ERROR',
      message: expect.not.stringContaining('secret'),
    });
    expect(failures).toEqual([bug]);
  });

  it('[SPN-3] answer a malformed request with VALIDATION_ERROR, and count it', async () => {
    const { spine, malformed } = createFixture(() => ({ lifted: true }));
    const reply = fromBinary(BrainReplySchema, await spine.request(lift, Uint8Array.of(0xff, 0xff, 0xff), 1_000));
    expect(reply).toMatchObject({ errorCode: 'VALIDATION_ERROR' });
    expect(malformed).toEqual([lift]);
  });

  it('[ARC-5] are UNAVAILABLE when nobody serves them', async () => {
    const call = callBrain(createLocalSpine(), 'bans.lift', { tenant: 'acme', user: 'mallory' }, deadlineIn(2_000));
    await expect(call).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('[ARC-5] are UNAVAILABLE when no answer comes in time', async () => {
    const spine = createLocalSpine();
    spine.serve(lift, () => undefined);
    const call = callBrain(spine, 'bans.lift', { tenant: 'acme', user: 'mallory' }, deadlineIn(20));
    await expect(call).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('[ARC-5] tell their handler the deadline of the call, and ask nobody after it', async () => {
    const told: number[] = [];
    const { spine } = createFixture((_, deadlineMs) => {
      told.push(deadlineMs);
      return { lifted: true };
    });
    const callBy = (deadlineMs: number) => callBrain(spine, 'bans.lift', { tenant: 'acme', user: 'ada' }, deadlineMs);
    const deadlineMs = deadlineIn(1_000);
    await callBy(deadlineMs);
    await expect(callBy(deadlineIn(-1))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(told).toEqual([expect.closeTo(deadlineMs, 0)]);
  });

  it.each([
    ['bytes that are no reply', Uint8Array.of(0xff, 0xff)],
    [
      'an unknown code',
      toBinary(BrainReplySchema, create(BrainReplySchema, { errorCode: 'NEW_CODE', error: 'secret' })),
    ],
    ['bytes that are no result', toBinary(BrainReplySchema, create(BrainReplySchema, { result: Uint8Array.of(0xff) }))],
  ])('[SPN-3] are INTERNAL_ERROR when the answer is %s', async (_, answer) => {
    const spine = createLocalSpine();
    spine.serve(lift, () => answer);
    const call = callBrain(spine, 'bans.lift', { tenant: 'acme', user: 'mallory' }, deadlineIn(2_000));
    await expect(call).rejects.toMatchObject({
      code: 'INTERNAL_ERROR',
      message: expect.not.stringContaining('secret'),
    });
  });
});
