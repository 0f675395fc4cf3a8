import { serveParent } from '../harness/serve-parent.ts';
import type { LoadClient } from './load-client.ts';
import { openClients } from './open-clients.ts';
import type { OpenOrder, PublishOrder } from './orders.ts';
import { publishRun } from './publish-run.ts';

// The load generator: a process of its own, told what to do by the benchmark (BEN-2).
const groups = new Map<string, LoadClient[]>();

serveParent({
  open: async (order: OpenOrder) => {
    const { clients, report } = await openClients(order);
    groups.set(order.group, [...(groups.get(order.group) ?? []), ...clients]);
    return report;
  },
  close: async (group: string) => {
    for (const client of groups.get(group) ?? []) client.destroy();
    groups.delete(group);
  },
  publish: (order: PublishOrder) =>
    publishRun(order, groups.get(order.publishers) ?? [], groups.get(order.receivers) ?? []),
});
