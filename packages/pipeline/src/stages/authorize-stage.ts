import type { Ingress } from '../ingress.ts';
import type { Stage } from '../stage.ts';
import { ALLOW, block } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';

/** Checks the right to publish, to write privately, to send telemetry (PRM-5), to speak to a whole tenant (PRT-18). Commands are judged by their own registry entry. */
export function createAuthorizeStage(): Stage {
  return { name: 'authorize', check: authorize };
}

function authorize(ingress: Ingress): Verdict {
  const { envelope, origin } = ingress;
  switch (envelope.type) {
    case 'event':
      return authorizeEvent(ingress);
    case 'private':
      return origin.rights.may('private', '*', '*') ? ALLOW : block('AUTHORIZATION_ERROR', 'private');
    case 'telemetry':
      return origin.rights.may('telemetry', envelope.room, envelope.channel)
        ? ALLOW
        : block('AUTHORIZATION_ERROR', 'telemetry');
    case 'system':
      return origin.rights.may('admin', '*', '*') ? ALLOW : block('AUTHORIZATION_ERROR', 'system');
    default:
      return ALLOW;
  }
}

/** Publishing needs the right and a subscription; only an explicit grant replaces the subscription (PRT-16). */
function authorizeEvent({ envelope, origin }: Ingress): Verdict {
  const { room, channel } = envelope;
  if (!origin.rights.may('publish', room, channel)) return block('AUTHORIZATION_ERROR', 'publish');
  if (origin.isSubscribed(room, channel) || origin.rights.hasGrant('publish', room, channel)) return ALLOW;
  return block('NOT_SUBSCRIBED', 'not_subscribed');
}
