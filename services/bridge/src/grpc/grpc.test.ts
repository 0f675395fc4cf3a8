import { connect } from 'node:http2';
import { once } from 'node:events';
import { BusError, DEFAULT_LIMITS, errorTable, systemClock } from '@arqonbus/protocol';
import type { ErrorCode } from '@arqonbus/protocol';
import {
  BridgeErrorSchema,
  BridgeService,
  EnvelopeTypeNumber,
  Health,
  ServerReflection,
} from '@arqonbus/protocol/bridge-messages';
import { createLogger, createMetrics } from '@arqonbus/telemetry';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createBridgeMetrics } from '../bridge-metrics.ts';
import { createCallerRates } from '../caller/caller-rates.ts';
import type { Caller } from '../caller/caller.ts';
import { createEdgeRig } from '../edge-rig.ts';
import { createRoutes } from '../routes/routes.ts';
import { createAnswerGrpc } from './answer-grpc.ts';
import { createGrpcServer } from './grpc-server.ts';

const caller: Caller = {
  principal: { tenant: 'acme', user: 'bob', role: 'user', permissions: [], capabilities: [], name: '' },
  sender: 'bridge',
};
const bearer = { headers: { authorization: 'Bearer x' } };
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function createRig({ maxInFlight = 10, perSecond = 100 } = {}) {
  const edge = createEdgeRig();
  const metrics = createMetrics();
  const bugs: unknown[] = [];
  const ending = new AbortController();
  const state = { isReady: true };
  const answer = createAnswerGrpc({
    spine: edge.spine,
    limits: DEFAULT_LIMITS,
    identify: async (authorization) => {
      if (authorization === '') throw new BusError('AUTHENTICATION_FAILED');
      return caller;
    },
    rates: createCallerRates(perSecond, () => 0),
    observer: createBridgeMetrics(metrics),
    onBug: (bug) => {
      bugs.push(bug);
      return 'trace-1';
    },
    isReady: () => state.isReady,
    monotonicMs: () => 0,
    maxBodyBytes: 100_000,
    maxInFlight,
    signal: ending.signal,
  });
  const logger = createLogger({ level: 'fatal', destination: process.stderr });
  const server = createGrpcServer(answer, { tls: undefined, logger, metrics: createMetrics(), clock: systemClock });
  const port = await server.listen('127.0.0.1', 0);
  stops.push(async () => {
    ending.abort();
    await server.drain();
  });
  const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` });
  const client = createClient(BridgeService, transport);
  return { edge, client, transport, metrics, bugs, state, port };
}

/** What a call was refused with. */
async function refusalOf(call: Promise<unknown>) {
  const error = ConnectError.from(
    await call.then(
      () => expect.fail('was answered'),
      (thrown: unknown) => thrown,
    ),
  );
  const [detail] = error.findDetails(BridgeErrorSchema);
  return { status: error.code, code: detail?.errorCode, details: detail?.details, text: error.rawMessage };
}

const message = { room: 'lab', channel: 'bench', payload: new TextEncoder().encode('{"n":1}') };

describe('a call', () => {
  it('[BRG-1] [PRT-10] is refused with the status of the one table, whatever the code, and says which it was', async () => {
    const { client, edge } = await createRig();
    for (const code of Object.keys(errorTable) as ErrorCode[]) {
      if (code === 'INTERNAL_ERROR') continue;
      edge.answer = () => Promise.reject(new BusError(code, undefined, { details: { retry_after_ms: 7 } }));
      const refused = await refusalOf(client.publish({ message }, bearer));
      const expected = { status: errorTable[code].grpcStatus, code, details: { retry_after_ms: 7 } };
      expect(refused).toMatchObject(expected);
    }
  });

  it('[PRT-10] is told of a bug of ours an id to find it by, and nothing else', async () => {
    const { client, edge, bugs } = await createRig();
    edge.answer = () => ({ rooms: 'postgres://hunter2' });
    expect(await refusalOf(client.listRooms({}, bearer))).toMatchObject({
      status: Code.Internal,
      code: 'INTERNAL_ERROR',
      text: errorTable.INTERNAL_ERROR.text,
      details: { trace_id: 'trace-1' },
    });
    expect(bugs).toHaveLength(1);
  });

  it('[AUT-4] is answered before it is read where nobody says who sends it', async () => {
    const { client, port, edge } = await createRig();
    expect(await refusalOf(client.publish({ message }))).toMatchObject({
      status: Code.Unauthenticated,
      code: 'AUTHENTICATION_FAILED',
    });
    const session = connect(`http://127.0.0.1:${port}`);
    const path = `/${BridgeService.typeName}/Publish`;
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc' });
    const [headers] = (await once(stream, 'response')) as [Record<string, string>];
    expect(headers['grpc-status']).toBe(String(Code.Unauthenticated));
    session.destroy();
    expect(edge.asked).toEqual([]);
  });

  it('[PRD-5] is refused where it is too large, and where too many are being answered', async () => {
    const { client, edge, metrics } = await createRig({ maxInFlight: 1 });
    const large = { ...message, payload: new Uint8Array(100_001) };
    expect((await refusalOf(client.publish({ message: large }, bearer))).status).toBe(Code.ResourceExhausted);
    await vi.waitFor(() => expect(metrics.render()).toContain('arqonbus_bridge_requests_in_flight 0'));
    let release = (): void => undefined;
    edge.answer = () => new Promise((resolve) => (release = () => resolve({})));
    const first = client.publish({ message }, bearer);
    await vi.waitFor(() => expect(edge.asked).toHaveLength(1));
    expect(await refusalOf(client.publish({ message }, bearer))).toMatchObject({
      status: Code.Unavailable,
      details: { retry_after_ms: 1_000 },
    });
    release();
    await first;
  });

  it('[BRG-1] is one of many at a time, and nothing warns of their number', async () => {
    const { client, edge } = await createRig({ maxInFlight: 20 });
    const warnings: Error[] = [];
    const warn = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warn);
    let release = (): void => undefined;
    const released = new Promise<object>((resolve) => (release = () => resolve({})));
    edge.answer = () => released;
    const calls = Array.from({ length: 12 }, () => client.publish({ message }, bearer));
    await vi.waitFor(() => expect(edge.asked).toHaveLength(12));
    release();
    await Promise.all(calls);
    process.off('warning', warn);
    expect(warnings).toEqual([]);
  });

  it('[PRT-23] is held to the rate of its caller', async () => {
    const { client } = await createRig({ perSecond: 2 });
    const messages = [message, message];
    expect((await client.publishBatch({ messages }, bearer)).outcomes).toHaveLength(2);
    expect(await refusalOf(client.publish({ message }, bearer))).toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('[BRG-1] ends at its deadline, whose outcome is not known, and is no bug', async () => {
    const { client, edge, bugs } = await createRig();
    edge.answer = () => new Promise(() => undefined);
    const { status } = await refusalOf(client.publish({ message }, { ...bearer, timeoutMs: 50 }));
    expect([status, bugs]).toEqual([Code.DeadlineExceeded, []]);
  });

  it('[BRG-1] hands arguments to the registry by its names, and numbers as numbers', async () => {
    const { client, edge } = await createRig();
    edge.answer = () => ({ epoch: 'e', first_seq: 1, last_seq: 9_007_199_254_740_000, publications: [] });
    const page = await client.history({ room: 'lab', channel: 'bench', afterSeq: 0n, limit: 2 }, bearer);
    expect(JSON.parse(new TextDecoder().decode(edge.asked[0]?.args))).toEqual({
      room: 'lab',
      channel: 'bench',
      after_seq: 0,
      limit: 2,
    });
    expect([page.lastSeq, page.earlierEpoch]).toEqual([9_007_199_254_740_000n, '']);
  });

  it('[BRG-1] [LOG-15] asks for an earlier epoch by its name, and tells the one before', async () => {
    const { client, edge } = await createRig();
    edge.answer = () => ({ epoch: 'e1', first_seq: 1, last_seq: 9, earlier_epoch: 'e0', publications: [] });
    const page = await client.history({ room: 'lab', channel: 'bench', epoch: 'e1' }, bearer);
    expect(JSON.parse(new TextDecoder().decode(edge.asked[0]?.args))).toEqual({
      room: 'lab',
      channel: 'bench',
      epoch: 'e1',
    });
    expect([page.epoch, page.earlierEpoch]).toEqual(['e1', 'e0']);
  });

  it('[BRG-1] says what is wrong with a message, and takes no other type than its own', async () => {
    const { client } = await createRig();
    expect(await refusalOf(client.publish({}, bearer))).toMatchObject({ code: 'VALIDATION_ERROR' });
    const command = await refusalOf(
      client.publish({ message: { ...message, type: EnvelopeTypeNumber.COMMAND } }, bearer),
    );
    expect(command).toMatchObject({ status: Code.InvalidArgument, code: 'VALIDATION_ERROR' });
    const malformed = await refusalOf(client.publish({ message: { ...message, room: 'la b' } }, bearer));
    expect(malformed.details).toEqual({ errors: [{ field: 'room', problem: 'is not a name' }] });
  });

  it('[TEL-2] is counted by method and status', async () => {
    const { client, metrics } = await createRig();
    await client.publish({ message }, bearer);
    await refusalOf(client.publish({ message }));
    const shown = metrics.render();
    expect(shown).toContain('arqonbus_bridge_grpc_requests_total{method="Publish"} 1');
    expect(shown).toContain('arqonbus_bridge_grpc_responses_total{status="16"} 1');
    await vi.waitFor(() => expect(metrics.render()).toContain('arqonbus_bridge_requests_in_flight 0'));
  });
});

describe('what gRPC itself asks', () => {
  it('[BRG-1] is how the Bridge is, for everybody', async () => {
    const { transport, state } = await createRig();
    const health = createClient(Health, transport);
    expect((await health.check({})).status).toBe(1);
    const watch = new AbortController();
    const seen = health.watch({ service: BridgeService.typeName }, { signal: watch.signal })[Symbol.asyncIterator]();
    expect((await seen.next()).value?.status).toBe(1);
    state.isReady = false;
    expect((await seen.next()).value?.status).toBe(2);
    watch.abort();
    expect(await refusalOf(health.check({ service: 'nonsense' }))).toMatchObject({ status: Code.NotFound });
  });

  it('[BRG-1] is what is served, with all that it is made of', async () => {
    const { transport } = await createRig();
    const reflection = createClient(ServerReflection, transport);
    async function* ask() {
      yield { messageRequest: { case: 'listServices' as const, value: '' } };
      for (const value of [
        BridgeService.typeName,
        `${BridgeService.typeName}.Publish`,
        'arqon.v1.Envelope',
        'no.Such',
      ]) {
        yield { messageRequest: { case: 'fileContainingSymbol' as const, value } };
      }
      yield { messageRequest: { case: 'fileByFilename' as const, value: 'google/protobuf/struct.proto' } };
      yield { messageRequest: { case: 'allExtensionNumbersOfType' as const, value: 'arqon.v1.Envelope' } };
    }
    const told: unknown[] = [];
    for await (const { messageResponse } of reflection.serverReflectionInfo(ask())) {
      if (messageResponse.case === 'listServicesResponse') told.push(messageResponse.value.service.length);
      else if (messageResponse.case === 'fileDescriptorResponse') {
        const files = messageResponse.value.fileDescriptorProto;
        told.push(files.map((file) => fromBinary(FileDescriptorProtoSchema, file).name));
      } else told.push(messageResponse.case === 'errorResponse' ? messageResponse.value.errorCode : undefined);
    }
    const bridge = ['arqon/bridge/v1/bridge.proto', 'google/protobuf/struct.proto', 'arqon/v1/envelope.proto'];
    expect(told).toEqual([3, bridge, bridge, ['arqon/v1/envelope.proto'], 5, ['google/protobuf/struct.proto'], 12]);
  });
});

describe('the service definition', () => {
  it('[BRG-1] names the operations of HTTP, and the other way round', () => {
    const routes = createRoutes({ spine: createEdgeRig().spine, limits: DEFAULT_LIMITS, version: '0' });
    // `command` runs these; a message tells a channel from a room by what it names.
    const onlyHttp = new Set(['status', 'help', 'openapi', 'presence_of_room', 'history_of_room']);
    const http = routes.filter(({ name }) => !onlyHttp.has(name)).map(({ name }) => name.replaceAll('_', ''));
    expect(BridgeService.methods.map(({ name }) => name.toLowerCase()).toSorted()).toEqual(http.toSorted());
  });
});
