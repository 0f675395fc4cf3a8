import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemEventWords } from '@arqonbus/protocol/reference';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Frame } from '../harness/json-client.ts';
import { startBus } from '../harness/start-bus.ts';
import type { Bus } from '../harness/start-bus.ts';
import { codeBlocks } from './code-blocks.ts';
import { repository } from './markdown-pages.ts';
import { isInSources } from './named-things.ts';

const path = 'docs/protocol.md';
const [welcome, frames] = codeBlocks({ path, text: readFileSync(join(repository, path), 'utf8') });
let bus: Bus;

beforeAll(async () => {
  bus = await startBus();
});

afterAll(() => bus.stop());

function membersOf(value: object, prefix = ''): readonly string[] {
  return Object.entries(value).flatMap(([name, member]: [string, unknown]) =>
    typeof member === 'object' && member !== null ? membersOf(member, `${prefix}${name}.`) : [`${prefix}${name}`],
  );
}

test('[PRT-4] the welcome in the reference has the members of a real one', async () => {
  const client = await bus.connect();
  expect(membersOf((JSON.parse(welcome?.text ?? '') as Frame).payload)).toEqual(membersOf(client.welcome));
  client.end();
});

test('[PRT-14] the frames in the reference do what it says', async () => {
  const client = await bus.connect();
  const sent = (frames?.text ?? '')
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as Frame);
  const replies: Frame[] = [];
  for (const frame of sent) {
    client.send(frame);
    replies.push(await client.next(({ request_id: answered }) => answered === frame.id));
  }
  expect(replies.map(({ status }) => status)).toEqual(['success', 'success', 'success']);
  expect(replies[2]?.payload).toMatchObject({ publications: [{ payload: { text: 'hi' } }] });
  client.end();
});

test('[PRT-18] the system messages in the reference are those of the code', () => {
  const isTold = (event: string): boolean => isInSources(`event: '${event}'`) || isInSources(`"event":"${event}"`);
  expect(Object.keys(systemEventWords).filter((event) => !isTold(event))).toEqual([]);
});
