import { createEnvelope } from '@arqonbus/protocol';
import type { Envelope, TenantId } from '@arqonbus/protocol';
import type { EmittedEvent } from '@arqonbus/runtime';
import { describe, expect, it } from 'vitest';
import { HOPS_HEADER, createPublicationHooks } from './publication-hooks.ts';

const publisher = { tenant: 'acme' as TenantId, user: 'alice' };

function createRig() {
  const emitted: EmittedEvent[] = [];
  const hooks = createPublicationHooks({
    isWanted: (_tenant, _type, room) => room === 'lab',
    emit: (_tenant, event) => void emitted.push(event),
    put: () => Promise.resolve(true),
  });
  /** Publishes with so many hops; the headers that a webhook is told, and undefined where it is told nothing. */
  const publish = (hops: string | undefined, room = 'lab'): Readonly<Record<string, string>> | undefined => {
    const headers = hops === undefined ? {} : { [HOPS_HEADER]: hops };
    const event = hooks.prepare(publisher, { ...createEnvelope('event'), room, channel: 'bench', headers });
    if (event === undefined) return undefined;
    hooks.send(publisher.tenant, event);
    const told = JSON.parse(Buffer.from(emitted.at(-1)?.data ?? []).toString()) as Pick<Envelope, 'headers'>;
    return told.headers ?? {};
  };
  return { publish, emitted };
}

describe('publications that webhooks are told of', () => {
  it('[WHK-2] are those of channels where somebody waits', () => {
    const { publish, emitted } = createRig();
    expect(publish(undefined, 'elsewhere')).toBeUndefined();
    expect(publish(undefined)).toEqual({});
    expect(emitted).toHaveLength(1);
  });

  it('[WHK-2] [PRD-5] L-12: a circle of a webhook that answers by publishing ends after four', () => {
    const { publish, emitted } = createRig();
    let hops = 0;
    // A receiver does as it is told: it passes on what came with the message, one higher.
    for (let headers = publish(undefined); headers !== undefined; headers = publish(String(hops))) {
      hops = Number(headers[HOPS_HEADER] ?? 0) + 1;
      expect(hops).toBeLessThan(10);
    }
    expect([emitted.length, hops]).toEqual([4, 4]);
    expect(['1e9', 'a lot'].map((said) => publish(said))).toEqual([undefined, undefined]);
  });
});
