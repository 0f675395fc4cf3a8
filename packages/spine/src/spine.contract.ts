import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BusError, ClientId, TenantId } from '@arqonbus/protocol';
import type { Spine, SpineMessage } from './spine.ts';
import type { Subject, SubjectFilter } from './subjects/subject.ts';
import { channelOut, clientOut, clientsOf, rpc } from './subjects/subjects.ts';

/** Opens a Spine. Two that are open at once reach each other; the in-process one may be the same twice. */
export type OpenSpine = () => Promise<Spine>;

const text = new TextEncoder();
const bytes = (value: string): Uint8Array => text.encode(value);
const string = (value: Uint8Array): string => new TextDecoder().decode(value);

/** What every Spine does (ARC-7). Nothing here assumes that a delivery is synchronous, or that it is not. */
export function describeSpine(name: string, open: OpenSpine): void {
  describe(`Spine: ${name}`, () => {
    let near: Spine;
    let far: Spine;
    let tenant: TenantId;

    beforeEach(async () => {
      near = await open();
      far = await open();
      // A tenant of its own keeps tests apart on a server that outlives them.
      tenant = `t-${randomUUID()}` as TenantId;
    });

    afterEach(async () => {
      await near.close();
      await far.close();
    });

    const inbox = (
      spine: Spine,
      filter: SubjectFilter,
    ): { readonly got: SpineMessage[]; readonly texts: () => string[] } => {
      const got: SpineMessage[] = [];
      spine.subscribe(filter, (message) => got.push(message));
      return { got, texts: () => got.map(({ data }) => string(data)) };
    };

    const ready = async (): Promise<void> => {
      await near.flush();
      await far.flush();
    };

    it('[PRT-19] delivers what is published, to every subscriber, in order', async () => {
      const subject = channelOut(tenant, 'science', 'general');
      const [first, second] = [inbox(near, subject), inbox(far, subject)];
      await ready();
      const sent = Array.from({ length: 500 }, (_, i) => `message ${i} \u{1f680}`);
      for (const value of sent) near.publish(subject, bytes(value));
      await vi.waitFor(() => expect([first.got.length, second.got.length]).toEqual([500, 500]));
      expect(first.texts()).toEqual(sent);
      expect(second.texts()).toEqual(sent);
      expect(first.got[0]).toMatchObject({ subject, seq: 0, prevSeq: 0 });
    });

    it('[ARC-14] returns from publish before anybody is told', async () => {
      const subject = channelOut(tenant, 'science', 'general');
      const { got } = inbox(near, subject);
      await ready();
      near.publish(subject, bytes('later'));
      expect(got).toEqual([]);
      await vi.waitFor(() => expect(got).toHaveLength(1));
    });

    it('[PRD-4] delivers to the matching subject alone', async () => {
      const subject = channelOut(tenant, 'science', 'general');
      const { texts } = inbox(near, subject);
      await ready();
      near.publish(channelOut(`${tenant}x` as TenantId, 'science', 'general'), bytes('foreign tenant'));
      near.publish(channelOut(tenant, 'science', 'general2'), bytes('other channel'));
      near.publish(subject, bytes('mine'));
      await vi.waitFor(() => expect(texts()).toEqual(['mine']));
    });

    it('[SPN-1] serves filters with wildcards beside exact ones', async () => {
      const node = `n${tenant.slice(2, 10)}`;
      const client = `${node}_a1` as ClientId;
      const [wild, exact] = [inbox(far, clientsOf(node)), inbox(far, clientOut(tenant, client))];
      await ready();
      near.publish(clientOut(tenant, `${node}x_a1` as ClientId), bytes('other node'));
      near.publish(clientOut(tenant, client), bytes('hello'));
      await vi.waitFor(() => expect([wild.texts(), exact.texts()]).toEqual([['hello'], ['hello']]));
    });

    it('[ARC-7] delivers nothing once unsubscribed, not even what was on its way', async () => {
      const subject = channelOut(tenant, 'science', 'general');
      const got: string[] = [];
      const subscription = near.subscribe(subject, ({ data }) => got.push(string(data)));
      const { texts } = inbox(near, subject);
      await ready();
      near.publish(subject, bytes('on its way'));
      subscription.unsubscribe();
      subscription.unsubscribe();
      near.publish(subject, bytes('after'));
      await vi.waitFor(() => expect(texts()).toEqual(['on its way', 'after']));
      expect(got).toEqual([]);
    });

    it('[ARC-7] lets a handler that throws harm nobody else', async () => {
      const subject = channelOut(tenant, 'science', 'general');
      near.subscribe(subject, () => {
        throw new Error('a bug in a handler');
      });
      const { texts } = inbox(near, subject);
      await ready();
      near.publish(subject, bytes('one'));
      near.publish(subject, bytes('two'));
      await vi.waitFor(() => expect(texts()).toEqual(['one', 'two']));
    });

    it('[SPN-8] flushes: everything published before has been accepted', async () => {
      const subject = channelOut(tenant, 'science', 'general');
      const { got } = inbox(near, subject);
      await ready();
      for (let i = 0; i < 100; i++) near.publish(subject, bytes(`${i}`));
      await near.flush();
      await vi.waitFor(() => expect(got).toHaveLength(100));
    });

    it('[SPN-8] answers a request by the first server that has an answer', async () => {
      const subject = rpc('contract', `m${tenant.slice(2)}`);
      far.serve(subject, () => undefined);
      far.serve(subject, async (data) => bytes(`${string(data)} world`));
      await ready();
      await expect(near.request(subject, bytes('hello'), 2_000).then(string)).resolves.toBe('hello world');
    });

    it('[TEL-3] hands the trace context of a request to who serves it', async () => {
      const subject = rpc('contract', `m${tenant.slice(2)}`);
      far.serve(subject, (_, __, traceparent) => bytes(`<${traceparent}>`));
      await ready();
      const context = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
      await expect(near.request(subject, bytes('?'), 2_000, context).then(string)).resolves.toBe(`<${context}>`);
      await expect(near.request(subject, bytes('?'), 2_000).then(string)).resolves.toBe('<>');
    });

    it('[SPN-8] asks one member of each queue', async () => {
      const subject = rpc('contract', `m${tenant.slice(2)}`);
      let calls = 0;
      const count = (): Uint8Array => bytes(`${++calls}`);
      far.serve(subject, count, 'brain');
      near.serve(subject, count, 'brain');
      await ready();
      const replies = await Promise.all(Array.from({ length: 20 }, () => near.request(subject, bytes('?'), 2_000)));
      expect(new Set(replies.map(string)).size).toBe(20);
      expect(calls).toBe(20);
    });

    it('[SPN-8] keeps requests and publications on one subject apart', async () => {
      const subject = clientOut(tenant, 'n1_a' as ClientId);
      const { texts } = inbox(far, subject);
      const served: string[] = [];
      far.serve(subject, (data) => {
        served.push(string(data));
        return bytes('ok');
      });
      await ready();
      await near.request(subject, bytes('asked'), 2_000);
      near.publish(subject, bytes('told'));
      await vi.waitFor(() => expect(texts()).toEqual(['told']));
      expect(served).toEqual(['asked']);
    });

    it('[SPN-8] refuses a request that nobody serves at once with NOT_FOUND', async () => {
      const subject = rpc('contract', `m${tenant.slice(2)}`);
      await expect(near.request(subject, bytes('?'), 10_000)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      const server = far.serve(subject, () => bytes('!'));
      server.unsubscribe();
      await ready();
      await expect(near.request(subject, bytes('?'), 10_000)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    it('[SPN-8] leaves no request unanswered that was on its way to a server that stops', async () => {
      const subject = rpc('contract', `m${tenant.slice(2)}`);
      const server = far.serve(subject, () => {
        server.unsubscribe();
        return bytes('!');
      });
      await ready();
      const asked = Array.from({ length: 100 }, () =>
        near.request(subject, bytes('?'), 2_000).then(string, ({ code }: BusError) => code),
      );
      const outcomes = await Promise.all(asked);
      expect(outcomes).toContain('!');
      expect(outcomes).not.toContain('TIMEOUT');
    });

    it('[SPN-8] ends a request that stays unanswered with TIMEOUT, also when its server fails', async () => {
      const subject = rpc('contract', `m${tenant.slice(2)}`);
      far.serve(subject, () => undefined);
      far.serve(subject, async () => {
        throw new Error('a bug in a server');
      });
      await ready();
      await expect(near.request(subject, bytes('?'), 30)).rejects.toMatchObject({ code: 'TIMEOUT' });
    });

    it('[SPN-8] tells a server how long whoever asks waits, and asks none when nobody waits any more', async () => {
      const subject = rpc('contract', `m${tenant.slice(2)}`);
      const left: number[] = [];
      far.serve(subject, (_, deadlineMs) => {
        left.push(deadlineMs - performance.now());
        return bytes('!');
      });
      await ready();
      await near.request(subject, bytes('?'), 2_000);
      const late = near.request(subject, bytes('?'), 5);
      const until = performance.now() + 10;
      // Nothing leaves this process before the turn is over.
      while (performance.now() < until);
      await expect(late).rejects.toMatchObject({ code: 'TIMEOUT' });
      await near.request(subject, bytes('?'), 500);
      expect(left.map((ms) => Math.ceil(ms / 500))).toEqual([4, 1]);
    });

    it('[SPN-8] refuses everything once closed, and tells it', async () => {
      const subject: Subject = channelOut(tenant, 'science', 'general');
      const states: string[] = [];
      near.onStatus((status) => states.push(status));
      expect(near.status()).toBe('connected');
      await near.close();
      await near.close();
      expect(near.status()).toBe('closed');
      expect(states).toEqual(['closed']);
      const refusal = { code: 'UNAVAILABLE' };
      expect(() => near.publish(subject, bytes('x'))).toThrow(expect.objectContaining(refusal));
      expect(() => near.subscribe(subject, () => undefined)).toThrow(expect.objectContaining(refusal));
      expect(() => near.serve(subject, () => undefined)).toThrow(expect.objectContaining(refusal));
      await expect(near.request(subject, bytes('x'), 100)).rejects.toMatchObject(refusal);
      await expect(near.flush()).rejects.toMatchObject(refusal);
    });
  });
}
