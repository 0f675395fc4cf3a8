import type { ProfileOf } from '@arqonbus/spine';
import { createValkeyLogStore, readEviction } from '@arqonbus/storage';
import type { ValkeyLink } from '@arqonbus/storage';
import type { Config } from '@arqonbus/config';
import type { Logger } from '@arqonbus/telemetry';
import type { OpenValkey } from '../valkey/open-valkey.ts';
import type { DeliverEntry } from './appender.ts';
import type { KeptLogOptions } from './index.ts';

/** What keeping a log needs from around it. */
export interface KeptLogSurroundings {
  readonly profileOf: ProfileOf;
  readonly deliver: DeliverEntry;
  readonly logger: Logger;
  readonly valkey: OpenValkey | undefined;
}

/** The log that a Brain keeps in Valkey, for `createBrain`; undefined = the configuration keeps it elsewhere. */
export function openKeptLog(
  { log }: Config,
  { profileOf, deliver, logger, valkey }: KeptLogSurroundings,
): KeptLogOptions | undefined {
  if (log.backend !== 'valkey' || valkey === undefined) return undefined;
  const { link } = valkey;
  link.onConnected(() => void warnOfEviction(link, logger));
  return {
    store: createValkeyLogStore(link),
    profileOf,
    deliver,
    onStoreConnected: (listener) => link.onConnected(listener),
  };
}

/** A Valkey that makes room by itself takes acknowledged messages for it (LOG-6). */
async function warnOfEviction(link: ValkeyLink, logger: Logger): Promise<void> {
  try {
    const policy = await readEviction(link);
    if (policy !== 'noeviction') logger.warn({ event: 'valkey_evicts', policy }, 'a full Valkey would forget messages');
  } catch {
    // Gone again; it is asked once it is back.
  }
}
