import { encodeProtoEnvelope } from '@arqonbus/protocol';
import type { ClientId, Envelope, TenantId } from '@arqonbus/protocol';
import { shadowOf } from '@arqonbus/spine';
import type { Spine, Subject } from '@arqonbus/spine';
import { isSampled } from './is-sampled.ts';
import type { MirrorRules } from './mirror-rules.ts';

/** Copies a share of the publications, after everything that could refuse or change them (MIR-1). */
export interface Mirror {
  /**
   * The copy that is to be made of a publication, or undefined where there is to be none. It is made before the original is
   * on its way, since the frame that the payload lies in is not ours any longer; nothing of it is sent.
   */
  prepare(publisher: Publishing, envelope: Envelope): Uint8Array | undefined;
  /** Sends a copy of what went out on this subject. Never throws: a failure is counted, and touches nothing else. */
  send(subject: Subject, copy: Uint8Array): void;
}

/** Who publishes. */
export interface Publishing {
  readonly tenant: TenantId;
  readonly clientId: ClientId;
}

/** What mirroring is counted by. */
export interface MirrorCounters {
  copied(): void;
  dropped(reason: MirrorDrop): void;
}

/** Why a copy was not sent: too many were not confirmed yet, or the Spine refused it. */
export type MirrorDrop = 'slow' | 'refused';

/** What mirroring needs from around it. */
export interface MirrorOptions {
  readonly spine: Pick<Spine, 'publish' | 'flush'>;
  readonly rules: Pick<MirrorRules, 'isAny' | 'percentOf'>;
  readonly counters: MirrorCounters;
}

/** What a copy says of itself, wherever it goes. */
export const SHADOW_HEADER = 'x-arqon-shadow';

/** Bytes of copies that the Spine has not confirmed, beyond which they are dropped: an eighth of what it takes of us in all. */
const MAX_UNCONFIRMED_BYTES = 1_048_576;

/** A mirror on this Spine. */
export function createMirror({ spine, rules, counters }: MirrorOptions): Mirror {
  const budget = new UnconfirmedBytes(spine);
  return {
    prepare: ({ tenant, clientId }, envelope) => {
      if (!rules.isAny()) return undefined;
      const percent = rules.percentOf(tenant, envelope.room, envelope.channel);
      if (percent === 0 || !isSampled(traceOf(envelope) ?? clientId, percent)) return undefined;
      return encodeProtoEnvelope({ ...envelope, headers: { ...envelope.headers, [SHADOW_HEADER]: 'true' } });
    },
    send: (subject, copy) => {
      if (budget.bytes + copy.length > MAX_UNCONFIRMED_BYTES) {
        counters.dropped('slow');
        return;
      }
      try {
        spine.publish(shadowOf(subject), copy);
      } catch {
        counters.dropped('refused');
        return;
      }
      counters.copied();
      budget.add(copy.length);
    },
  };
}

/** The trace id of a W3C trace context. */
function traceOf({ traceparent }: Envelope): string | undefined {
  return traceparent === '' ? undefined : traceparent.slice(3, 35);
}

/** Bytes that were published and not confirmed: one question at a time tells how far the Spine got. */
class UnconfirmedBytes {
  readonly #spine: Pick<Spine, 'flush'>;
  #isAsking = false;
  bytes = 0;

  constructor(spine: Pick<Spine, 'flush'>) {
    this.#spine = spine;
  }

  add(bytes: number): void {
    this.bytes += bytes;
    if (!this.#isAsking) void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    while (this.bytes > 0) {
      const asked = this.bytes;
      // Where it fails nobody knows, and they are gone as far as we are concerned.
      await this.#spine.flush().catch(() => undefined);
      this.bytes -= asked;
    }
    this.#isAsking = false;
  }
}
