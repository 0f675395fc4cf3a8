/** What is told of an event of the Omega lane. */
export interface OmegaSignal {
  readonly eventId: string;
  readonly substrateId: string;
  readonly signal: string;
  readonly emittedBy: string;
  /** JSON text. */
  readonly payload: string;
}

const encoder = new TextEncoder();

/** The payload of an event as it is published in the lab (OMG-1). What was emitted stands in it as it was written (decision 0001). */
export function omegaPayload({ eventId, substrateId, signal, emittedBy, payload }: OmegaSignal): Uint8Array {
  const about = { event_id: eventId, substrate_id: substrateId, signal, emitted_by: emittedBy };
  return encoder.encode(`${JSON.stringify(about).slice(0, -1)},"payload":${payload}}`);
}
