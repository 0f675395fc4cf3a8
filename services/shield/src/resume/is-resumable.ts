import { afterClose } from '@arqonbus/protocol';

/** Whether a connection that ended with this code may be resumed: its end was no goodbye, and nobody's order. */
export function isResumable(code: number): boolean {
  return code !== 1000 && code !== 1005 && afterClose(code) !== 'stop';
}
