import type { PublicationView } from '@arqonbus/casil';
import { NO_BYTES } from '@arqonbus/protocol';
import type { Envelope, TenantId } from '@arqonbus/protocol';
import { SealedViewsSchema, create, readMessage, toBinary } from '@arqonbus/protocol/spine-messages';
import { createSealedBox } from '@arqonbus/runtime';

/** Views as they travel on the Spine and lie in the log: for Shields alone (CAS-12). */
export interface ViewSeal {
  /** Seals what some readers see of a message of this id; empty where it would be too much for the Spine. */
  seal(tenant: TenantId, messageId: string, views: readonly PublicationView[]): Uint8Array;
  /** The payload that an entry's readers see; undefined where they see what the others do, or it cannot be opened. */
  open(tenant: TenantId, envelope: Pick<Envelope, 'id' | 'views'>, entry: string): Uint8Array | undefined;
}

/** What sealing is counted by. */
export interface ViewCounters {
  sealed(): void;
  /** Views were too large together: all readers see the most redacted. */
  dropped(): void;
  /** A view could not be opened: its readers see the most redacted. */
  unopened(): void;
}

/** Bytes of the views of a message: with a frame of 1 MiB and its envelope they are less than the 2 MB that NATS takes. */
const MAX_VIEWS_BYTES = 786_432;

/** Seals and opens with these keys: the first one seals, all of them open. */
export function createViewSeal(keys: readonly [Uint8Array, ...Uint8Array[]], counters: ViewCounters): ViewSeal {
  const box = createSealedBox(keys);
  return {
    seal: (tenant, messageId, views) => {
      const context = contextOf(tenant, messageId);
      const sealed = create(SealedViewsSchema, {
        views: views.map(({ entries, payload }) => ({
          entries: [...entries],
          sealedPayload: box.seal(payload, context),
        })),
      });
      const bytes = toBinary(SealedViewsSchema, sealed);
      if (bytes.length > MAX_VIEWS_BYTES) {
        counters.dropped();
        return NO_BYTES;
      }
      counters.sealed();
      return bytes;
    },
    open: (tenant, { id, views }, entry) => {
      const sealed = readMessage(SealedViewsSchema, views);
      const view = sealed?.views.find(({ entries }) => entries.includes(entry));
      const payload = view === undefined ? undefined : box.open(view.sealedPayload, contextOf(tenant, id));
      if (sealed === undefined || (view !== undefined && payload === undefined)) counters.unopened();
      return payload;
    },
  };
}

/** A view taken from one message and put into another cannot be opened there. */
function contextOf(tenant: TenantId, messageId: string): string {
  return `${tenant} ${messageId}`;
}
