import type { Frame } from './scripted-web-socket.ts';

/** For tests: the publication `seq` of `science:general`, following the one before it. */
export function event(seq: number, extra: Frame = {}): Frame {
  const position = { seq, prev_seq: seq - 1, epoch: 'e-7c9e6679' };
  return {
    type: 'event',
    room: 'science',
    channel: 'general',
    sender: 'shield-2_x',
    payload: { n: seq },
    ...position,
    ...extra,
  };
}
