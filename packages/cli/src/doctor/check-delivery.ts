import type { ArqonClient, Subscription } from '@arqonbus/sdk';
import type { Target } from '@arqonbus/protocol';
import { isRefusal } from './check-channel.ts';
import { Dead } from './finding.ts';
import type { Report } from './finding.ts';

/** What a delivery is checked with. */
export interface DeliveryCheck {
  readonly publisher: ArqonClient;
  readonly receiver: Subscription;
  readonly target: Target;
  readonly timeoutMs: number;
}

/** Publishes one small message and waits for it. Throws {@link Dead} where it is refused or does not arrive. */
export async function checkDelivery(check: DeliveryCheck, report: Report): Promise<void> {
  const arrived = waitFor(check);
  const startedAt = performance.now();
  const id = await publish(check, report);
  report({ check: 'publish', outcome: 'ok', text: 'the bus has acknowledged a message' });
  if (!(await arrived(id))) {
    const fix = 'it was published while the receiver was joined; look at the logs and /health of both Shields';
    throw new Dead('delivery', `the message did not arrive within ${check.timeoutMs} ms`, fix);
  }
  const ms = (performance.now() - startedAt).toFixed(1);
  report({ check: 'delivery', outcome: 'ok', text: `it arrived, ${ms} ms after it was published` });
}

/** Listens from now on; gives whether a message comes within the time. */
function waitFor({ receiver, timeoutMs }: DeliveryCheck): (id: string) => Promise<boolean> {
  const seen = new Set<string>();
  let tell: (() => void) | undefined;
  receiver.on('publication', (publication) => {
    seen.add(publication.id);
    tell?.();
  });
  return (id) =>
    new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs);
      tell = () => {
        if (!seen.has(id)) return;
        clearTimeout(timer);
        resolve(true);
      };
      tell();
    });
}

async function publish({ publisher, target }: DeliveryCheck, report: Report): Promise<string> {
  const payload = { arqon_doctor: 'a message to see whether messages arrive' };
  try {
    return (await publisher.publish(target, payload)).id;
  } catch (error) {
    if (isRefusal(error, 'AUTHORIZATION_ERROR')) throw mayNot('publish to');
    if (!isRefusal(error, 'NOT_SUBSCRIBED')) throw refused(error);
  }
  const fix = 'a publisher joins the channel before, or its token has a permission for publish';
  report({ check: 'publish', outcome: 'warning', text: 'without having joined, the publisher may not publish', fix });
  try {
    return (await (await publisher.join(target)).publish(payload)).id;
  } catch (error) {
    throw isRefusal(error, 'AUTHORIZATION_ERROR') ? mayNot('join, and so not publish to') : refused(error);
  }
}

function mayNot(what: string): Dead {
  const fix = 'its role or the permissions in its token do not let it, or access.default is closed';
  return new Dead('publish', `the publisher may not ${what} the channel`, fix);
}

function refused(error: unknown): Dead {
  const text = error instanceof Error ? error.message : String(error);
  return new Dead('publish', `the message was refused: ${text}`, 'docs/errors has a page for each code');
}
