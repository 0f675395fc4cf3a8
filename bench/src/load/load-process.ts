import { serveParent } from '../harness/serve-parent.ts';
import { ackRun } from './ack-run.ts';
import { askRun } from './ask-run.ts';
import { floodRun } from './flood-run.ts';
import type { LoadClient } from './load-client.ts';
import { openClients } from './open-clients.ts';
import type { AckOrder, AskOrder, FloodOrder, OpenOrder, PublishOrder, SpamOrder } from './orders.ts';
import { publishRun } from './publish-run.ts';
import { spamRun } from './spam-run.ts';

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
  publish: (order: PublishOrder) => publishRun(order, takeTurns(order.publishers), groups.get(order.receivers) ?? []),
  ack: async (order: AckOrder) => {
    const [client] = groups.get(order.group) ?? [];
    if (client === undefined) throw new Error(`there is no group ${order.group}`);
    return ackRun(order, client);
  },
  ask: (order: AskOrder) => askRun(order, groups.get(order.group) ?? []),
  flood: (order: FloodOrder) => floodRun(order),
  spam: (order: SpamOrder) => spamRun(order),
});

function takeTurns(names: readonly string[]): readonly LoadClient[] {
  const all = names.map((name) => groups.get(name) ?? []);
  const longest = Math.max(0, ...all.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) => all.flatMap((clients) => clients[index] ?? [])).flat();
}
