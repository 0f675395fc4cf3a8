import { SnapshotOrderSchema, readMessage } from '@arqonbus/protocol/spine-messages';
import { ctl } from '@arqonbus/spine';
import type { Spine, SpineSubscription } from '@arqonbus/spine';

/** Hears from Brains that take a partition over and know nothing of it; what cannot be read is told (SPN-3). */
export function followReportOrders(
  spine: Spine,
  reportAll: (partition: number) => void,
  onMalformed: () => void,
): SpineSubscription {
  return spine.subscribe(ctl('membership'), ({ data }) => {
    const order = readMessage(SnapshotOrderSchema, data);
    if (order === undefined) onMalformed();
    else reportAll(order.partition);
  });
}
