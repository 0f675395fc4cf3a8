import { SnapshotOrderSchema, fromBinary } from '@arqonbus/protocol/spine-messages';
import { ctl } from '@arqonbus/spine';
import type { Spine, SpineSubscription } from '@arqonbus/spine';

/** Hears from Brains that take a partition over and know nothing of it; what cannot be read is told (SPN-3). */
export function followReportOrders(
  spine: Spine,
  reportAll: (partition: number) => void,
  onMalformed: () => void,
): SpineSubscription {
  return spine.subscribe(ctl('membership'), ({ data }) => {
    const partition = parseOrder(data);
    if (partition === undefined) onMalformed();
    else reportAll(partition);
  });
}

function parseOrder(data: Uint8Array): number | undefined {
  try {
    return fromBinary(SnapshotOrderSchema, data).partition;
  } catch {
    return undefined;
  }
}
