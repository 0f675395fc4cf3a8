import { createDeliveryRig } from './delivery-rig.ts';
import type { DeliveryRig, RigClient } from './delivery-rig.ts';

/** For tests: a client that reads nothing any more, noticed by the sweep. */
export async function createSlow(channel: string): Promise<{ readonly rig: DeliveryRig; readonly client: RigClient }> {
  const rig = createDeliveryRig();
  const client = rig.connect();
  await rig.join(client, channel);
  await rig.publish(channel);
  await rig.deliver();
  client.connection.buffered = 1_001;
  rig.slowConsumers.sweep();
  return { rig, client };
}

/** For tests: as after a loss of the Spine in which the log was lost, too. */
export function renewLog(rig: DeliveryRig, lastSeq: number): void {
  for (const channel of rig.channels.all()) Object.assign(channel, { epoch: 'e2', lastSeq, receivedSeq: lastSeq });
}

/** For tests: it reads again. */
export async function drain(rig: DeliveryRig, { session, connection }: RigClient): Promise<void> {
  connection.buffered = 0;
  rig.slowConsumers.onDrain(session);
  await rig.deliver();
}

/** For tests: what it was told of itself. */
export function laggingOf({ connection }: RigClient): unknown[] {
  return connection.payloads().filter((payload) => (payload as { event?: string } | undefined)?.event === 'lagging');
}
