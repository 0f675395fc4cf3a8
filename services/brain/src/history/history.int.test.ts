import { afterAll, beforeAll, describe } from 'vitest';
import { SHIPPED_PROFILES } from '@arqonbus/protocol';
import type { LogProfile } from '@arqonbus/protocol';
import { createLocalSpine, createLogRules, createNatsSpine, createRemoteChannelLog, PARTITIONS } from '@arqonbus/spine';
import type { ProfileOf, Spine } from '@arqonbus/spine';
import { describeChannelLog } from '@arqonbus/spine/channel-log-contract';
import { describeErasing, eraseEverything } from '@arqonbus/spine/erasing-contract';
import type { ErasableFixture } from '@arqonbus/spine/erasing-contract';
import { createValkeyLink, createValkeyLogStore } from '@arqonbus/storage';
import type { ValkeyLink } from '@arqonbus/storage';
import { shippedValkeyUsers, startNatsServer, startValkeyServer, waitUntil } from '@arqonbus/testkit';
import type { NatsServer, ValkeyServer } from '@arqonbus/testkit';
import type { DeliverEntry } from './appender.ts';
import { openHistory, serveAppends } from './index.ts';
import type { History } from './index.ts';
import { createKeptLogEraser } from './kept-log-eraser.ts';

const KEPT = 20;
const kept: LogProfile = {
  name: 'default',
  logClass: 'history',
  maxMessages: KEPT,
  maxAgeMs: 60_000,
  maxBytes: 1_048_576,
};
const profiles = [kept, ...SHIPPED_PROFILES.filter(({ name }) => name === 'state' || name === 'live')];
const profileOf: ProfileOf = createLogRules(profiles, [{ pattern: 'state:*', profile: 'state' }]);
const nobody = { onMalformed: () => undefined, onAnswered: () => undefined, onFailure: () => undefined };
const { users, user, password } = shippedValkeyUsers();

let valkey: ValkeyServer;
let nats: NatsServer;
let link: ValkeyLink;

beforeAll(async () => {
  [valkey, nats] = await Promise.all([startValkeyServer({ users }), startNatsServer()]);
  link = createValkeyLink({ urls: [valkey.url], isCluster: false, user, password, ca: '' });
  await waitUntil(() => link.isUsable(), { what: 'Valkey' });
});

afterAll(async () => {
  await link.close();
  await Promise.all([valkey.stop(), nats.stop()]);
});

/** The history module of a Brain on this Spine, in all partitions. */
function serve(spine: Spine, deliver: DeliverEntry): History {
  const store = createValkeyLogStore(link);
  const history = openHistory(
    spine,
    { store, profileOf, deliver, onStoreConnected: (listener) => link.onConnected(listener) },
    nobody,
  );
  for (let partition = 0; partition < PARTITIONS; partition++) serveAppends(spine, history.log, partition, nobody);
  return history;
}

describe('[LOG-6] the log that a Brain keeps in Valkey', () => {
  const erase: ErasableFixture['erase'] = async (tenant, what) =>
    (await eraseEverything(createKeptLogEraser(createValkeyLogStore(link)), tenant, what)).erased;

  const openInProcess = async (): Promise<ErasableFixture> => {
    const spine = createLocalSpine();
    const history = serve(spine, (message) => spine.deliver(message));
    return {
      log: createRemoteChannelLog({ spine, profileOf }),
      spine,
      kept: KEPT,
      erase,
      close: () => {
        history.unsubscribe();
        return spine.close();
      },
    };
  };

  const openOverNats = async (): Promise<ErasableFixture> => {
    const [shield, brain] = await Promise.all(
      ['shield', 'brain'].map((name) => createNatsSpine({ servers: [nats.url], name })),
    );
    if (shield === undefined || brain === undefined) throw new Error('no Spine');
    const history = serve(brain, (message) => brain.deliver(message));
    await brain.flush();
    return {
      log: createRemoteChannelLog({ spine: shield, profileOf }),
      spine: shield,
      kept: KEPT,
      erase,
      close: async () => {
        history.unsubscribe();
        await shield.close();
        await brain.close();
      },
    };
  };

  describeChannelLog('on Valkey Streams, in one process', openInProcess);
  describeErasing('on Valkey Streams, in one process', openInProcess);
  describeChannelLog('on Valkey Streams, over NATS', openOverNats);
});
