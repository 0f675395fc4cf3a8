import { checkLosses } from './check-losses.ts';
import { checkOrder } from './check-order.ts';
import { indexHistory } from './history-index.ts';
import type { HistoryIndex } from './history-index.ts';
import type { EventOf, History, Violation } from './history.ts';

/** What is revoked may still be on its way for so long. */
export const REVOCATION_GRACE_MS = 1_000;

/**
 * Judges a finished run, after which everything that was on its way has arrived. Every promise that clients were given is
 * an invariant:
 * - nothing lost: what was acknowledged was delivered to every subscriber, or a signal stands in the place of the hole;
 * - one order: in each epoch of a channel an id has one position and a position one id, and nobody hears them in another order;
 * - no duplicate: after the SDK a client hears an id once; again only where the log was lost, and with it the memory of
 *   ids (decision 0021);
 * - no foreign tenant: nobody hears what another tenant published;
 * - no delivery after revocation, beyond {@link REVOCATION_GRACE_MS};
 * - what was refused for certain is delivered to nobody; what nobody published, neither.
 */
export function checkHistory(history: History): readonly Violation[] {
  const index = indexHistory(history);
  return [
    ...checkLosses(index),
    ...checkOrder(index),
    ...checkDuplicates(index),
    ...checkSources(index),
    ...checkRevocations(index),
  ];
}

function checkDuplicates({ deliveries }: HistoryIndex): readonly Violation[] {
  const heard = new Map<string, (string | undefined)[]>();
  return deliveries.flatMap(({ client, channel, id, position }): Violation[] => {
    const key = `${client} ${channel} ${id}`;
    const epoch = position?.epoch;
    const epochs = heard.get(key) ?? [];
    const isRepeat = epochs.some((earlier) => earlier === epoch || earlier === undefined || epoch === undefined);
    heard.set(key, [...epochs, epoch]);
    return isRepeat ? [{ invariant: 'no-duplicate', text: `${client} heard ${id} twice in ${channel}` }] : [];
  });
}

/** Where what was delivered came from. */
function checkSources(index: HistoryIndex): readonly Violation[] {
  return index.deliveries.flatMap((delivery): Violation[] => {
    const { client, channel, id } = delivery;
    const source = index.publications.get(id);
    if (source === undefined || source.channel !== channel) {
      return [
        { invariant: 'nothing-invented', text: `${client} heard ${id} in ${channel}: nobody published it there` },
      ];
    }
    const found: Violation[] = [];
    const own = index.tenantOf(client);
    const foreign = index.tenantOf(source.client);
    if (own !== foreign) {
      found.push({
        invariant: 'no-foreign-tenant',
        text: `${client} of ${own} heard ${id} of ${foreign} in ${channel}`,
      });
    }
    if (index.refused.has(id)) {
      found.push({ invariant: 'nothing-refused-delivered', text: `${client} heard ${id}, which had been refused` });
    }
    return found;
  });
}

function checkRevocations(index: HistoryIndex): readonly Violation[] {
  return index.revocations.flatMap((revocation) =>
    index.deliveries
      .filter((delivery) => isAfter(delivery, revocation, index))
      .map(({ client, id, atMs }): Violation => ({
        invariant: 'no-delivery-after-revocation',
        text: `${client} heard ${id} ${Math.round(atMs - revocation.atMs)} ms after its right was revoked`,
      })),
  );
}

function isAfter(delivery: EventOf<'delivered'>, revocation: EventOf<'revoked'>, { history }: HistoryIndex): boolean {
  const client = history.clients.get(delivery.client);
  if (client?.tenant !== revocation.tenant || client.user !== revocation.user) return false;
  return delivery.atMs > revocation.atMs + REVOCATION_GRACE_MS;
}
