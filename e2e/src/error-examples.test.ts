import { errorWords } from '@arqonbus/protocol/reference';
import type { ErrorExample } from '@arqonbus/protocol/reference';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Frame } from './harness/json-client.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

const examples = Object.entries(errorWords).flatMap(([code, { example }]) =>
  example === undefined ? [] : [[code, example] as const],
);
let bus: Bus;

beforeAll(async () => {
  bus = await startBus();
});

afterAll(() => bus.stop());

async function lastReply({ role, frames }: ErrorExample): Promise<Frame> {
  const client = await bus.connect({ role });
  const replies: Frame[] = [];
  for (const [index, frame] of frames.entries()) {
    const id = `arq_example-${index}`;
    client.send({ id, ...frame });
    replies.push(await client.next(({ request_id: answered }) => answered === id));
  }
  client.end();
  expect(replies.slice(0, -1).map(({ status }) => status)).toEqual(frames.slice(1).map(() => 'success'));
  return replies.at(-1) as Frame;
}

test.each(examples)('[PRT-10] the example on the page of %s is refused with it', async (code, example) => {
  expect(await lastReply(example)).toMatchObject({ type: 'error', error_code: code });
});
