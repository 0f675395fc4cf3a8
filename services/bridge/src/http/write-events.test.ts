import type { ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { writeEvents } from './write-events.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A response whose reader takes one text, or all of them. */
function createResponse(reads: boolean) {
  const texts: string[] = [];
  const sink = new Writable({
    highWaterMark: 1,
    decodeStrings: false,
    write: (_text, _encoding, done) => {
      if (reads) done();
    },
  });
  const write = sink.write.bind(sink);
  const response = Object.assign(sink, {
    writeHead: () => undefined,
    write: (text: string) => {
      texts.push(text);
      return write(text);
    },
  });
  return { response: response as unknown as ServerResponse, texts, sink };
}

async function* events() {
  yield 'one\n\n';
  yield 'two\n\n';
}

describe('server-sent events', () => {
  it('[BRG-1] [PRD-5] end for who does not read, with an event that says so, and nothing more is made for it', async () => {
    const { response, texts, sink } = createResponse(false);
    const writing = writeEvents(response, events(), (error) => JSON.stringify(error), 30_000);
    await vi.advanceTimersByTimeAsync(30_000);
    await writing;
    expect(texts).toEqual(['one\n\n', expect.stringMatching(/^event: error\ndata: .*TIMEOUT/)]);
    expect(sink.destroyed).toBe(false);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(sink.destroyed).toBe(true);
  });

  it('[BRG-1] go on for who reads, and cut nobody who has read', async () => {
    const { response, texts, sink } = createResponse(true);
    await writeEvents(response, events(), String, 30_000);
    expect(texts).toEqual(['one\n\n', 'two\n\n']);
    await vi.waitFor(() => expect(sink.closed).toBe(true));
    const destroy = vi.spyOn(sink, 'destroy');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(destroy).not.toHaveBeenCalled();
  });
});
