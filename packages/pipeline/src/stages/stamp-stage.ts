import type { Ingress } from '../ingress.ts';
import type { Stage } from '../stage.ts';
import { ALLOW } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const MAX_CACHED_TENANTS = 10_000;

/** Writes the server's word over the client's: sender, time, id and the reserved metadata (envelope table). */
export function createStampStage(nextId: () => string): Stage {
  const plainMetadata = createPlainMetadata();
  return {
    name: 'stamp',
    check: (ingress: Ingress): Verdict => {
      const { envelope, origin, nowMs } = ingress;
      const clientTimeMs = envelope.timestampMs;
      if (envelope.id === '') envelope.id = nextId();
      envelope.sender = origin.clientId;
      envelope.timestampMs = nowMs;
      const isPlain =
        envelope.metadata.length === 0 &&
        ingress.casil === undefined &&
        origin.serviceMetadata === undefined &&
        (clientTimeMs === 0 || clientTimeMs === nowMs);
      envelope.metadata = isPlain ? plainMetadata(origin.tenant) : fullMetadata(ingress, clientTimeMs);
      return ALLOW;
    },
  };
}

/** Bytes of `{"tenant_id": …}`, kept per tenant, since almost every message carries just that. */
function createPlainMetadata(): (tenant: string) => Uint8Array {
  const cache = new Map<string, Uint8Array>();
  return (tenant) => {
    const known = cache.get(tenant);
    if (known !== undefined) return known;
    if (cache.size >= MAX_CACHED_TENANTS) cache.clear();
    const made = encoder.encode(JSON.stringify({ tenant_id: tenant }));
    cache.set(tenant, made);
    return made;
  };
}

/** The client's own keys are copied as they are written: a re-encoding would change numbers (PRT-11). */
function fullMetadata({ envelope, origin, nowMs, casil }: Ingress, clientTimeMs: number): Uint8Array {
  const clientTime =
    clientTimeMs === 0 || clientTimeMs === nowMs ? {} : { client_timestamp: new Date(clientTimeMs).toISOString() };
  const stamped = JSON.stringify({
    ...origin.serviceMetadata,
    tenant_id: origin.tenant,
    ...clientTime,
    ...(casil === undefined ? {} : { casil }),
  });
  const members = decoder.decode(envelope.metadata).slice(1, -1).trim();
  return encoder.encode(members === '' ? stamped : `${stamped.slice(0, -1)},${members}}`);
}
