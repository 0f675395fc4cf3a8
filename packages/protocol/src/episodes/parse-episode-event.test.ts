import { describe, expect, it } from 'vitest';
import { withoutForbiddenValues } from './find-forbidden-key.ts';
import { checkEpisodeBoundary, parseEpisodeEvent } from './parse-episode-event.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const payload = { content_ref: 's3://episodes/7', tags: ['plan', 'größe'], metadata: { step: { n: 1 } } };
const sample = {
  event_id: '01J9ZK3V8Q4M5N6P7R8S9T0V1W',
  event_type: 'episode.created',
  tenant_id: 'acme',
  agent_id: 'planner/eu-1 \u{1f680}',
  episode_id: 'e-7',
  source_ts: '2026-11-26T09:30:00.123456+01:00',
  schema_version: 1,
  payload,
};
const json = (change: object = {}): Uint8Array => bytes(JSON.stringify({ ...sample, ...change }));

describe('an event of an episode', () => {
  it('[CTM-1] is read with its time to the microsecond and its payload as it was written', () => {
    const text = JSON.stringify(sample).replace('"n":1', '"n": 9223372036854775807');
    expect(parseEpisodeEvent(bytes(text), 'acme')).toEqual({
      kind: 'event',
      event: {
        eventId: sample.event_id,
        eventType: 'episode.created',
        agentId: sample.agent_id,
        episodeId: 'e-7',
        sourceAtUs: Date.parse('2026-11-26T08:30:00.123Z') * 1_000 + 456,
        payload: JSON.stringify(payload).replace('"n":1', '"n": 9223372036854775807'),
      },
    });
  });

  it('[CTM-1] needs no payload where it tells of a deletion, and keeps none', () => {
    const { payload: _, ...rest } = sample;
    for (const event of [rest, sample]) {
      const parsed = parseEpisodeEvent(bytes(JSON.stringify({ ...event, event_type: 'episode.deleted' })), 'acme');
      expect(parsed).toMatchObject({ kind: 'event', event: { payload: '' } });
    }
  });

  it.each(['raw_content', 'episode_body', 'embedding_vector', 'full_state_dump', 'Raw_Content'])(
    '[CTM-1] may not have the key %s, at any depth, and is not let in with it',
    (key) => {
      const hidden = { ...payload, metadata: { list: [{ deep: { [key]: 'secret' } }] } };
      for (const change of [{ [key]: 'secret' }, { payload: hidden }]) {
        const refused = { kind: 'refused', reason: 'forbidden_key', eventId: sample.event_id };
        expect(checkEpisodeBoundary(json(change), 'acme')).toMatchObject(refused);
        expect(parseEpisodeEvent(json(change), 'acme')).toMatchObject(refused);
        const cut = withoutForbiddenValues({ ...sample, ...change });
        expect(JSON.stringify(cut)).not.toContain('secret');
        expect(parseEpisodeEvent(bytes(JSON.stringify(cut)), 'acme')).toMatchObject({ reason: 'forbidden_key' });
      }
    },
  );

  it('[CTM-1] names the place of a forbidden key', () => {
    const change = { payload: { ...payload, metadata: { list: [{ raw_content: '' }] } } };
    expect(checkEpisodeBoundary(json(change), 'acme')).toMatchObject({ field: 'payload.metadata.list.0.raw_content' });
  });

  it.each([
    ['no JSON', bytes('{"event_id":'), 'malformed'],
    ['no UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'malformed'],
    ['no object', bytes('[]'), 'malformed'],
    ['nothing', new Uint8Array(0), 'malformed'],
    ['a key twice', bytes('{"a":1,"a":2}'), 'malformed'],
    ['too much', json({ payload: { ...payload, summary: 'x'.repeat(66_000) } }), 'too_large'],
    ['another tenant', json({ tenant_id: 'globex' }), 'foreign_tenant'],
  ])('[CTM-1] [PRD-4] is not let in as %s', (_, data, reason) => {
    expect(checkEpisodeBoundary(data, 'acme')).toMatchObject({ kind: 'refused', reason });
    expect(parseEpisodeEvent(data, 'acme')).toMatchObject({ kind: 'refused', reason });
  });

  it.each([
    [{ schema_version: 2 }, 'unsupported_version', 'schema_version'],
    [{ schema_version: '1' }, 'unsupported_version', 'schema_version'],
    [{ schema_version: undefined }, 'malformed', 'schema_version'],
    [{ tenant_id: undefined }, 'malformed', 'tenant_id'],
    [{ event_id: '' }, 'malformed', 'event_id'],
    [{ event_id: 'x'.repeat(129) }, 'malformed', 'event_id'],
    [{ agent_id: 'a\nb' }, 'malformed', 'agent_id'],
    [{ episode_id: 7 }, 'malformed', 'episode_id'],
    [{ event_type: 'episode.renamed' }, 'malformed', 'event_type'],
    [{ source_ts: '2026-02-30T00:00:00Z' }, 'malformed', 'source_ts'],
    [{ source_ts: '2300-01-01T00:00:00Z' }, 'malformed', 'source_ts'],
    [{ source_ts: 1_700_000_000 }, 'malformed', 'source_ts'],
    [{ more: 1 }, 'malformed', 'more'],
    [{ payload: undefined }, 'malformed', 'payload'],
    [{ payload: [] }, 'malformed', 'payload'],
    [{ payload: { ...payload, content_ref: '' } }, 'malformed', 'payload.content_ref'],
    [{ payload: { ...payload, tags: ['a', 7] } }, 'malformed', 'payload.tags'],
    [{ payload: { ...payload, tags: Array(65).fill('a') } }, 'malformed', 'payload.tags'],
    [{ payload: { ...payload, metadata: [] } }, 'malformed', 'payload.metadata'],
    [{ payload: { content_ref: 'x', tags: [] } }, 'malformed', 'payload.metadata'],
    [{ payload: { ...payload, summary: 'x'.repeat(16_385) } }, 'malformed', 'payload.summary'],
    [{ payload: { ...payload, body: 'x' } }, 'malformed', 'payload.body'],
    [{ event_type: 'episode.deleted', payload: 'x' }, 'malformed', 'payload'],
  ])('[CTM-3] is let in and not projected with %j', (change, reason, field) => {
    expect(checkEpisodeBoundary(json(change), 'acme')).toBeUndefined();
    expect(parseEpisodeEvent(json(change), 'acme')).toMatchObject({ kind: 'refused', reason, field });
  });
});
