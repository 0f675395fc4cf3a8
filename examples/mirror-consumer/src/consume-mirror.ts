import { decodeTrustedProtoEnvelope } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import { ALL_SHADOWS, createNatsSpine } from '@arqonbus/spine';

/** Where the copies come from. */
export interface MirrorSource {
  /** Addresses of NATS. */
  readonly servers: readonly string[];
  readonly user: string;
  readonly password: string;
}

/** A consumer that runs. */
export interface MirrorConsumer {
  close(): Promise<void>;
}

/**
 * Hears the copies of all tenants and hands each to `onCopy`, in the order of its channel. The tenant stands in
 * `metadata.tenant_id`. What cannot be read is passed over: a consumer must outlive a newer bus.
 */
export async function consumeMirror(source: MirrorSource, onCopy: (copy: Envelope) => void): Promise<MirrorConsumer> {
  const spine = await createNatsSpine({ ...source, name: 'shadow' });
  spine.subscribe(ALL_SHADOWS, ({ data }) => {
    const copy = decodeTrustedProtoEnvelope(data);
    if (copy?.headers['x-arqon-shadow'] === 'true') onCopy(copy);
  });
  await spine.flush();
  return { close: () => spine.close() };
}
