import { describe, expect, it } from 'vitest';
import { parseCopy } from './parse-copy.ts';
import { NOTHING, compareSides } from './side.ts';
import type { Answer, Side } from './side.ts';

const answered: Answer = { id: 'arq_0123456789', ms: 2 };
/** A Shield that answers and delivers like this. */
const side = (answer: Answer = answered, heard: unknown = { temperature: 21.5 }): Side => ({
  join: () => Promise.resolve(),
  publish: () => Promise.resolve(answer),
  heard: () => Promise.resolve(heard),
});
const compare = async (stable: Side, canary: Side): Promise<readonly string[]> =>
  (await compareSides(stable, canary, 'lab:bench', { temperature: 21.5 })).differences;

describe('[DPL-3] two Shields under the same traffic', () => {
  it('are the same where they answer and deliver the same, or refuse the same', async () => {
    expect(await compareSides(side(), side({ ...answered, ms: 3 }), 'lab:bench', {})).toEqual({
      differences: [],
      stableMs: 2,
      canaryMs: 3,
    });
    const refuses = side({ code: 'SCHEMA_VIOLATION' });
    expect(await compare(refuses, refuses)).toEqual([]);
  });

  it.each<[string, Side, Side, string]>([
    ['one refuses', side(), side({ code: 'PAYLOAD_TOO_LARGE' }), 'stable: acknowledged, canary: PAYLOAD_TOO_LARGE'],
    [
      'both refuse, for other reasons',
      side({ code: 'SCHEMA_VIOLATION' }),
      side({ code: 'VALIDATION_ERROR' }),
      'stable: SCHEMA_VIOLATION, canary: VALIDATION_ERROR',
    ],
    ['one delivers something else', side(), side(answered, { temperature: '***' }), 'heard by canary: another payload'],
    ['one delivers nothing', side(), side(answered, NOTHING), 'heard by canary: nothing'],
    ['nothing is delivered at all', side(answered, NOTHING), side(answered, NOTHING), 'and not heard there'],
  ])('differ where %s, and no payload is shown', async (_what, stable, canary, words) => {
    const text = (await compare(stable, canary)).join();
    expect(text).toContain(words);
    expect(text).not.toContain('21.5');
  });
});

describe('[MIR-1] [DPL-3] a line of the consumer of the mirror', () => {
  const line = { id: 'arq_1', room: 'lab', channel: 'bench', content_type: 'application/json', payload: '{"n":1}' };

  it('is a copy', () => {
    expect(parseCopy(JSON.stringify(line))).toEqual({ id: 'arq_1', target: 'lab:bench', payload: { n: 1 } });
  });

  it.each([
    ['no JSON', 'listening'],
    ['about the consumer', '{"event":"listening"}'],
    ['to a whole room', JSON.stringify({ ...line, channel: '*' })],
    ['of bytes', JSON.stringify({ ...line, content_type: 'application/octet-stream' })],
    ['of half a payload', JSON.stringify({ ...line, payload: '{"n":' })],
    ['no object', 'null'],
  ])('%s is left out', (_what, text) => {
    expect(parseCopy(text)).toBeUndefined();
  });
});
