import type { ArqonClient } from '@arqonbus/sdk';
import { openClient } from '../client/with-client.ts';
import { explainRefusal } from './explain-refusal.ts';
import { Dead } from './finding.ts';
import type { Report } from './finding.ts';
import { probeUpgrade } from './probe-upgrade.ts';
import type { UpgradeProbe } from './probe-upgrade.ts';

/** What a header can carry. */
const SENDABLE = /^[\x21-\x7e]+$/;

/** Connects as `who`, and says as whom. Throws {@link Dead} where that cannot be. The caller closes the client. */
export async function checkConnection(who: string, probe: UpgradeProbe, report: Report): Promise<ArqonClient> {
  checkAddress(who, probe.url);
  if (!SENDABLE.test(probe.token))
    throw new Dead(who, 'the token holds blanks or line ends', 'was it copied whole, and alone?');
  const outcome = await probeUpgrade(probe);
  if (outcome.kind !== 'open') {
    const { text, fix } = explainRefusal(outcome, probe);
    throw new Dead(who, text, fix);
  }
  const { url: wsUrl, token: jwt, timeoutMs: timeout } = probe;
  const client = await openClient({ wsUrl, jwt, timeout });
  const { tenant, user } = await client.connect();
  report({ check: who, outcome: 'ok', text: `connected as ${user} of tenant ${tenant}` });
  return client;
}

function checkAddress(who: string, text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^wss?:$/.test(url.protocol)) return;
  throw new Dead(who, `${text} is no address of a WebSocket`, 'write ws://host:9100/v1/socket or wss://host/v1/socket');
}
