import {
  createEnvelope,
  decodeProtoEnvelope,
  encodeProtoEnvelope,
  DEFAULT_LIMITS,
  isErrorCode,
} from '@arqonbus/protocol';
import { connectRaw } from '@arqonbus/testkit';
import type { RawFrame, RawSocket } from '@arqonbus/testkit';
import { expect, test } from 'vitest';
import { busOnEach, listeners } from './harness/both-listeners.ts';
import { loadFrames, mutateBytes, mutateText } from './fuzzing/mutations.ts';
import { createRandom } from './fuzzing/random.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import type { Bus } from './harness/start-bus.ts';

// Mutated frames in great number: the process stays up and answers with well-formed frames alone (P-20).
const busOn = busOnEach({
  ...roomyLimits,
  ARQONBUS_LIMITS_BAD_FRAMES_PER_MINUTE: '10000',
  ARQONBUS_LIMITS_REFUSALS_PER_TEN_SECONDS: '1000000',
});

const FRAMES = 2_000;
const SEED = 20_261_121;

type Format = 'json' | 'proto';

const corpus = loadFrames();
async function connect(bus: Bus, format: Format): Promise<RawSocket> {
  const headers = { authorization: `Bearer ${await bus.token({ role: 'moderator' })}` };
  return connectRaw({ port: bus.port, headers, protocols: [`arqon.v1.${format}`] });
}

/** Everything that came, checked, up to the answer to a ping; fails when the connection is over. */
async function drain(socket: RawSocket, format: Format, id: string): Promise<void> {
  if (format === 'json') socket.sendText(JSON.stringify({ type: 'command', command: 'ping', id }));
  else socket.sendBinary(encodeProtoEnvelope({ ...createEnvelope('command'), id, command: 'ping' }));
  for (;;) if (checkFrame(await socket.nextFrame(), format) === id) return;
}

/** Holds a frame to what servers may send, and gives the id that it answers. */
function checkFrame({ opcode, payload }: RawFrame, format: Format): string {
  expect(opcode).toBe(format === 'json' ? 1 : 2);
  const { type, requestId, code } = format === 'json' ? readText(payload) : readBinary(payload);
  expect(['system', 'response', 'error', 'event', 'private']).toContain(type);
  if (type === 'error') expect(isErrorCode(code)).toBe(true);
  // A bug of ours is told as this, and must not be there to be told.
  expect(code).not.toBe('INTERNAL_ERROR');
  return requestId;
}

interface Reading {
  readonly type: string;
  readonly requestId: string;
  readonly code: string;
}

function readText(payload: Buffer): Reading {
  const {
    type,
    request_id: requestId = '',
    error_code: code = '',
  } = JSON.parse(payload.toString()) as Record<string, string>;
  return { type: String(type), requestId, code };
}

function readBinary(payload: Buffer): Reading {
  const result = decodeProtoEnvelope(payload, { ...DEFAULT_LIMITS, maxKeysPerObject: 100_000, maxDepth: 64 });
  if (!result.ok) throw new Error(`the server sent a malformed frame: ${JSON.stringify(result.errors)}`);
  const { type, requestId, errorCode: code } = result.envelope;
  return { type, requestId, code };
}

for (const format of ['json', 'proto'] as const) {
  test.for(listeners)(
    `[PRT-10] [P-20] ${FRAMES} mutated ${format} frames leave the bus as it was (%s)`,
    { timeout: 60_000 },
    async (listener) => {
      const bus = busOn(listener);
      const random = createRandom(SEED);
      let socket = await connect(bus, format);
      let id = 0;
      for (let n = 0; n < FRAMES; n++) {
        if (format === 'json') socket.sendText(mutateText(corpus.json[random(corpus.json.length)] ?? '', random));
        else socket.sendBinary(mutateBytes(corpus.proto[random(corpus.proto.length)] ?? Buffer.of(), random));
        if (n % 50 !== 49) continue;
        await drain(socket, format, `arq_fuzz-${String((id += 1)).padStart(8, '0')}`);
        if (n % 500 !== 499) continue;
        socket.destroy();
        socket = await connect(bus, format);
      }
      expect(bus.isRunning()).toBe(true);
      expect(await bus.metric('arqonbus_spine_malformed_total')).toBe(0);
      for (const event of ['internal_error', 'stage_failed', 'spine_handler_failed', 'catch_up_failed']) {
        expect(bus.log()).not.toContain(event);
      }
      const { pong } = await (await bus.connect()).must('ping');
      expect(pong).toBe(true);
      socket.destroy();
    },
  );
}
