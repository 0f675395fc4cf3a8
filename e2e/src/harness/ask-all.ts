import type { Frame, JsonClient } from './json-client.ts';

let counter = 0;

/** Sends many frames at once and gives the one reply of each, in the order of the frames; events meanwhile are lost. */
export async function askAll(client: JsonClient, frames: readonly object[]): Promise<Frame[]> {
  const ids = frames.map(() => `arq_all-${String((counter += 1)).padStart(8, '0')}`);
  const replies = new Map<string, Frame>();
  for (const [index, frame] of frames.entries()) client.send({ ...frame, id: ids[index] });
  while (replies.size < frames.length) {
    const reply = await client.next(({ request_id: id = '' }) => ids.includes(id));
    replies.set(reply.request_id ?? '', reply);
  }
  return ids.map((id) => replies.get(id)).filter((reply) => reply !== undefined);
}
