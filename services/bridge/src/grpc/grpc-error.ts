import { BusError, errorTable } from '@arqonbus/protocol';
import { BridgeErrorSchema } from '@arqonbus/protocol/bridge-messages';
import type { JsonObject } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';

/**
 * What somebody threw, as gRPC tells it: the status of the one table, and a `BridgeError` among the details. Anything that is
 * neither a refusal nor a word of the library's is a bug of ours, of which nothing is told but this id (PRT-10).
 */
export function grpcErrorOf(error: unknown, onBug: (error: unknown) => string): ConnectError {
  if (error instanceof ConnectError) return error;
  if (error instanceof BusError && error.code !== 'INTERNAL_ERROR') {
    return grpcError(error.code, error.message, error.details);
  }
  return grpcError('INTERNAL_ERROR', errorTable.INTERNAL_ERROR.text, { trace_id: onBug(error) });
}

function grpcError(code: BusError['code'], text: string, details: BusError['details']): ConnectError {
  const value = { errorCode: code, details: { ...details } as JsonObject };
  return new ConnectError(text, statusOf(errorTable[code].grpcStatus), undefined, [{ desc: BridgeErrorSchema, value }]);
}

const statuses: ReadonlyMap<number, Code> = new Map(
  Object.values(Code).flatMap((value) => (typeof value === 'number' ? [[value, value] as const] : [])),
);

/** The codes of the library are the numbers of gRPC. */
function statusOf(number: number): Code {
  return statuses.get(number) ?? Code.Internal;
}
