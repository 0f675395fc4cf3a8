import type { ArqonClient } from '@arqonbus/sdk';
import { withClient } from '../client/with-client.ts';
import type { StoreFlags } from './store-command.ts';

interface WatchFlags extends StoreFlags {
  readonly prefix: boolean;
  readonly limit?: number;
}

/** Prints the changes of a key, or of all with a prefix; after a reconnect it goes on after the last one it has seen. */
export async function watchStore(key: string, flags: WatchFlags): Promise<void> {
  await withClient(flags, async (client) => {
    await new Promise<void>((resolve, reject) => {
      let left = flags.limit ?? Number.POSITIVE_INFINITY;
      let lastVersion: number | undefined;
      process.once('SIGINT', () => resolve());
      client.on('system', ({ event, payload }) => {
        if (event !== 'store' || left <= 0) return;
        if (typeof payload['version'] === 'number') lastVersion = payload['version'];
        if (payload['missed'] === true) tellMissed();
        process.stdout.write(`${flags.json ? JSON.stringify(payload) : lineOf(payload)}\n`);
        if (--left <= 0 || payload['ended'] !== undefined) resolve();
      });
      const begin = async (): Promise<void> => {
        const seen = await watch(client, key, flags, lastVersion);
        lastVersion ??= seen;
      };
      client.on('welcome', () => void begin().catch(reject));
      client.on('close', ({ error, willReconnect }) => {
        if (!willReconnect) reject(error ?? new Error('the connection was closed'));
      });
      begin().catch(reject);
    });
  });
}

async function watch(
  client: ArqonClient,
  key: string,
  { namespace, prefix }: WatchFlags,
  after: number | undefined,
): Promise<number> {
  const what = prefix ? { prefix: key } : { key };
  const { version, complete } = await client.command('op.store.watch', {
    namespace,
    ...what,
    ...(after === undefined ? {} : { after }),
  });
  if (!complete) tellMissed();
  return version;
}

function tellMissed(): void {
  process.stderr.write('arqon: more has changed than is told: read anew\n');
}

function lineOf({ key, version, deleted, ended, value }: Readonly<Record<string, unknown>>): string {
  if (typeof ended === 'string') return `ended: ${ended}`;
  return `${String(key)}  ${String(version)}  ${deleted === true ? 'deleted' : JSON.stringify(value)}`;
}
