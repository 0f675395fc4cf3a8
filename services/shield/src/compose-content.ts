import type { WebhookEmission } from '@arqonbus/runtime';
import type { Activity } from './activity/activity.ts';
import type { CasilShieldParts } from './compose-casil.ts';
import type { DeliveryParts } from './compose-delivery.ts';
import { composeMirror } from './compose-mirror.ts';
import { composePolicy } from './compose-policy.ts';
import type { PolicyShieldParts } from './compose-policy.ts';
import { composeSchemas } from './compose-schemas.ts';
import type { SchemaShieldParts } from './compose-schemas.ts';
import type { Mirror } from './mirror/mirror.ts';
import { createEpisodePublications } from './continuum/episode-publications.ts';
import type { EpisodePublications } from './continuum/episode-publications.ts';
import type { ShieldOptions } from './shield-options.ts';
import { createPublicationHooks } from './webhooks/publication-hooks.ts';
import type { PublicationHooks } from './webhooks/publication-hooks.ts';

/** Everything that judges what somebody wrote, and what copies it once that is done. */
export interface ContentParts {
  readonly schemas: SchemaShieldParts;
  readonly casil: CasilShieldParts;
  readonly policy: PolicyShieldParts;
  readonly mirror: Mirror;
  readonly hooks: PublicationHooks;
  readonly episodes: EpisodePublications;
  /** Resolves when all that judges is known; nobody is let in before (SPN-6). */
  readonly ready: Promise<void>;
  /** Run every second. */
  watch(): void;
  stop(): void;
}

/** Composes what judges content. */
export function composeContent(
  options: ShieldOptions,
  parts: Pick<DeliveryParts, 'sessions' | 'envelopes' | 'send'> &
    Pick<ContentParts, 'casil'> & { readonly emission: WebhookEmission },
  activity: Activity,
): ContentParts {
  const schemas = composeSchemas(options, parts, activity);
  const { casil } = parts;
  const policy = composePolicy(options);
  const mirror = composeMirror(options);
  return {
    schemas,
    casil,
    policy,
    mirror: mirror.mirror,
    hooks: createPublicationHooks(parts.emission.emitter),
    episodes: createEpisodePublications(options),
    ready: Promise.all([schemas.registry.ready, casil.policies.ready, policy.chains.ready]).then(() => undefined),
    watch: () => {
      casil.observer.watch();
      policy.observer.watch();
    },
    stop: () => {
      schemas.registry.stop();
      casil.policies.stop();
      policy.chains.stop();
      mirror.stop();
      parts.emission.hooks.stop();
    },
  };
}
