import type { ArqonClient } from '@arqonbus/sdk';
import type { Command } from 'commander';
import { addClientFlags, tokenOf } from '../client/client-flags.ts';
import type { ClientFlags } from '../client/client-flags.ts';
import { addWaitFlag } from '../client/wait-flag.ts';
import { checkChannel, readTarget } from './check-channel.ts';
import { checkConnection } from './check-connection.ts';
import { checkDelivery } from './check-delivery.ts';
import { checkService } from './check-service.ts';
import { Dead, findingText } from './finding.ts';
import type { Finding, Report } from './finding.ts';

interface DoctorFlags extends ClientFlags {
  readonly publisherJwt?: string;
  readonly publisherWsUrl?: string;
  readonly httpUrl?: string;
  readonly origin: string;
  readonly publish: boolean;
  readonly wait: number;
}

const EXAMPLES = `
The receiver's token is the one in ARQONBUS_AUTH_JWT. One small message is published to the channel.

Examples:
  arqon doctor science:general
  arqon doctor science:general --publisher-jwt "$OTHER_TOKEN" --origin https://app.example.com
  arqon doctor science:general --http-url http://127.0.0.1:8080 --no-publish
`;

/** Adds `arqon doctor`: why nothing arrives (CLI-2). */
export function addDoctorCommand(program: Command): void {
  const command = program
    .command('doctor')
    .description('find out why nothing arrives in a channel; exit code 1 where nothing can')
    .argument('<target>', 'room:channel')
    .option('--publisher-jwt <token>', "the publisher's token, if it is another")
    .option('--publisher-ws-url <url>', 'where the publisher connects, if elsewhere')
    .option('--http-url <url>', 'admin port of a Shield (ARQONBUS_HTTP_URL)', process.env['ARQONBUS_HTTP_URL'])
    .option('--origin <origin>', 'connect as a page of this origin does', '')
    .option('--no-publish', 'look only, publish nothing')
    .addHelpText('after', EXAMPLES);
  addWaitFlag(addClientFlags(command)).action(doctor);
}

async function doctor(name: string, flags: DoctorFlags): Promise<void> {
  const findings: Finding[] = [];
  const report = (finding: Finding): void => {
    findings.push(finding);
    if (!flags.json) process.stdout.write(findingText(finding));
  };
  const clients: ArqonClient[] = [];
  try {
    await diagnose(name, flags, report, clients);
  } catch (error) {
    if (!(error instanceof Dead)) throw error;
    report(error.finding);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
  if (flags.json) process.stdout.write(`${JSON.stringify({ findings })}\n`);
  if (findings.some(({ outcome }) => outcome === 'failed')) process.exitCode = 1;
}

async function diagnose(name: string, flags: DoctorFlags, report: Report, clients: ArqonClient[]): Promise<void> {
  const { origin, timeout: timeoutMs } = flags;
  const target = readTarget(name);
  if (flags.httpUrl !== undefined) await checkService(flags.httpUrl, timeoutMs, report);
  const probe = { url: flags.wsUrl, token: tokenOf(flags), origin, timeoutMs, waitMs: flags.wait };
  const receiver = await checkConnection('receiver', probe, report);
  clients.push(receiver);
  const publisherProbe = {
    ...probe,
    url: flags.publisherWsUrl ?? probe.url,
    token: flags.publisherJwt ?? probe.token,
  };
  const publisher = await checkConnection('publisher', publisherProbe, report);
  clients.push(publisher);
  checkTenants(await receiver.connect(), await publisher.connect());
  const subscription = await checkChannel(receiver, target, report);
  if (flags.publish) await checkDelivery({ publisher, receiver: subscription, target, timeoutMs }, report);
  if (publisherProbe.token !== probe.token) return;
  const text = 'one token for both ends: a client does not get its own messages, unless it joins with echo';
  report({ check: 'echo', outcome: 'ok', text });
}

/** Nothing crosses tenants, whatever the names of rooms are (PRD-4). */
function checkTenants(receiver: { readonly tenant: string }, publisher: { readonly tenant: string }): void {
  if (receiver.tenant === publisher.tenant) return;
  const text = `the receiver belongs to the tenant ${receiver.tenant}, the publisher to ${publisher.tenant}`;
  throw new Dead('tenant', text, 'nothing crosses tenants: both need tokens with the same tenant_id');
}
