import { BusError } from '@arqonbus/protocol';
import type { ChannelLog } from '@arqonbus/spine';
import type { HubLink } from './hub-link.ts';

const APPEND_TIMEOUT_MS = 5_000;
const READ_TIMEOUT_MS = 2_000;

/** The log as one process sees it: that of the hub, at the other end of a link. */
export function createLinkedLog(link: HubLink): ChannelLog {
  const { hub, faults } = link;
  const ask = <T>(timeoutMs: number, work: () => Promise<T>): Promise<T> => {
    const isRefused = faults.isRefused();
    return link.ask(
      () => (isRefused ? Promise.reject(new BusError('UNAVAILABLE', 'The log refuses.')) : work()),
      timeoutMs,
    );
  };
  return {
    append: (append) => {
      const copy = { ...append, data: append.data.slice() };
      return ask(APPEND_TIMEOUT_MS, () => hub.log.append(copy));
    },
    read: (address, range) => ask(READ_TIMEOUT_MS, () => hub.log.read(address, range)),
    position: (address, claimedSeq) => ask(READ_TIMEOUT_MS, () => hub.log.position(address, claimedSeq)),
    end: (address) => ask(READ_TIMEOUT_MS, () => hub.log.end(address)),
    isWholeAfter: (address, seq, knownSeq) => ask(READ_TIMEOUT_MS, () => hub.log.isWholeAfter(address, seq, knownSeq)),
    channels: (tenant, room) => ask(READ_TIMEOUT_MS, () => hub.log.channels(tenant, room)),
    trim: (address, beforeSeq) => ask(READ_TIMEOUT_MS, () => hub.log.trim(address, beforeSeq)),
  };
}
