import { Code, ConnectError } from '@connectrpc/connect';
import type { Interceptor } from '@connectrpc/connect';
import type { AnswerGrpcOptions } from './answer-grpc.ts';
import { grpcErrorOf } from './grpc-error.ts';

const OK = 0;

/** Counts calls by method and status, and makes statuses of what handlers throw; a stream is counted once it has begun. */
export function createObserve({
  observer,
  onBug,
  monotonicMs,
}: Pick<AnswerGrpcOptions, 'observer' | 'onBug' | 'monotonicMs'>): Interceptor {
  return (next) => async (request) => {
    const startedMs = monotonicMs();
    const statusOf = (error: unknown): ConnectError => {
      // What breaks because the caller has gone, or waits no more, is nothing that failed.
      if (request.signal.aborted) return ConnectError.from(request.signal.reason, Code.Canceled);
      return grpcErrorOf(error, onBug);
    };
    try {
      const response = await next(request);
      if (response.stream) {
        observer.called(request.method.name, OK);
        return { ...response, message: withStatuses(response.message, statusOf) };
      }
      observer.called(request.method.name, OK, monotonicMs() - startedMs);
      return response;
    } catch (error) {
      const refusal = statusOf(error);
      observer.called(request.method.name, refusal.code, monotonicMs() - startedMs);
      throw refusal;
    }
  };
}

async function* withStatuses<Message>(
  messages: AsyncIterable<Message>,
  statusOf: (error: unknown) => ConnectError,
): AsyncGenerator<Message> {
  try {
    yield* messages;
  } catch (error) {
    throw statusOf(error);
  }
}
