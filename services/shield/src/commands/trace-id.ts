import type { Envelope } from '@arqonbus/protocol';

/** What ties a command to what became of it: the id of its trace, or its own id where it is part of none. */
export function traceIdOf({ traceparent, id }: Pick<Envelope, 'traceparent' | 'id'>): string {
  const [, traceId = ''] = traceparent.split('-');
  return traceId === '' ? id : traceId;
}
