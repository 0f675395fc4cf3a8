import { ANY_SEQ, BusError } from '@arqonbus/protocol';
import type { Envelope, TenantId } from '@arqonbus/protocol';
import type { EmittedEvent } from '@arqonbus/runtime';
import { channelOut, tenantOut } from '@arqonbus/spine';
import type { Appended, ChannelAddress, ChannelLog, ProfileOf, Spine, Subject } from '@arqonbus/spine';
import type { EpisodePublications } from '../continuum/episode-publications.ts';
import { forEachClass } from '../delivery/class-counters.ts';
import type { ServerEnvelopes } from '../delivery/frames.ts';
import type { SendToSession } from '../delivery/send-to-session.ts';
import type { Mirror } from '../mirror/mirror.ts';
import type { PublicationHooks } from '../webhooks/publication-hooks.ts';
import type { Session } from '../session/session.ts';
import { encodePublication } from './encode-publication.ts';
import type { PublishCounters } from './publish-counters.ts';
import type { Refuse } from './refuse.ts';
import type { PrivateMessages } from './private-messages.ts';

/** Brings messages that passed the pipeline to the Spine, and answers those that asked for an answer (PRT-14). */
export interface Publisher {
  publish(session: Session, envelope: Envelope): void;
}

/** What publishing needs from around it. */
export interface PublisherOptions {
  readonly spine: Spine;
  readonly log: Pick<ChannelLog, 'append'>;
  readonly profileOf: ProfileOf;
  /** False while it is not known who may still publish (SPN-6). */
  readonly mayAuthorize: () => boolean;
  readonly privateMessages: PrivateMessages;
  readonly envelopes: ServerEnvelopes;
  readonly send: SendToSession;
  readonly refuse: Refuse;
  readonly counters: PublishCounters;
  readonly mirror: Mirror;
  readonly hooks: PublicationHooks;
  readonly episodes: EpisodePublications;
}

/** A publisher over this Spine and this log. */
export function createPublisher(options: PublisherOptions): Publisher {
  const { spine, log, profileOf, counters, mirror, hooks, episodes } = options;
  const refuse: Refuse = (session, requestId, error) => {
    counters.failed(error);
    options.refuse(session, requestId, error);
  };
  const acknowledge = createAcknowledge(options, refuse);
  const publishPrivate = createPublishPrivate(options, refuse, acknowledge);
  const publishToTenant = createPublishToTenant(options, acknowledge);
  const { mirrorStored, tellStored } = createCopies(options);
  const positions = forEachClass((logClass) => (appended: Appended) => positionOf(counters.stored[logClass](appended)));

  const publishEvent = (session: Session, envelope: Envelope): void => {
    const { id, ack, expectedSeq } = envelope;
    // The wish for an answer is between the sender and its Shield, and so is a condition.
    envelope.ack = false;
    envelope.expectedSeq = ANY_SEQ;
    const data = encodePublication(envelope);
    const episode = episodes.prepare(session, envelope);
    const copy = mirror.prepare(session, envelope);
    const event = hooks.prepare(session, envelope);
    const address = { tenant: session.tenant, room: envelope.room, channel: envelope.channel };
    const { logClass } = profileOf(address.room, address.channel);
    if (logClass === 'live') {
      if (expectedSeq !== ANY_SEQ) throw new BusError('FEATURE_DISABLED', 'The channel keeps no log to compare with.');
      const subject = subjectOf(session, address);
      spine.publish(subject, data);
      counters.live();
      if (copy !== undefined) mirror.send(subject, copy);
      if (event !== undefined) hooks.send(session.tenant, event);
      const kept = episode === undefined ? undefined : episodes.keep(episode);
      if (ack) acknowledge(session, id, Promise.all([spine.flush(), kept]).then(noContent));
      else kept?.catch((error: unknown) => refuse(session, id, error));
      return;
    }
    const append = { address, data, user: session.user, id };
    const appended = log.append(expectedSeq === ANY_SEQ ? append : { ...append, expectedSeq });
    // Who publishes an episode is told once both have it: whoever is not, publishes it again, and both know it.
    const stored = episode === undefined ? appended : thenKept(appended, () => episodes.keep(episode));
    if (copy !== undefined) mirrorStored(appended, subjectOf(session, address), copy);
    if (event !== undefined) tellStored(appended, session.tenant, event);
    if (ack) acknowledge(session, id, stored.then(positions[logClass]));
    else stored.then(counters.stored[logClass], (error: unknown) => refuse(session, id, error));
  };

  return {
    publish: (session, envelope) => {
      try {
        if (!options.mayAuthorize()) throw new BusError('UNAVAILABLE');
        if (envelope.type === 'private') publishPrivate(session, envelope);
        else if (envelope.type === 'system') publishToTenant(session, envelope);
        else publishEvent(session, envelope);
      } catch (error) {
        refuse(session, envelope.id, error);
      }
    },
  };
}

/** What is done with a publication once the log has it. */
interface Copies {
  mirrorStored(stored: Promise<Appended>, subject: Subject, copy: Uint8Array): void;
  tellStored(stored: Promise<Appended>, tenant: TenantId, event: EmittedEvent): void;
}

function createCopies({ mirror, hooks }: Pick<PublisherOptions, 'mirror' | 'hooks'>): Copies {
  return {
    mirrorStored: (stored, subject, copy) => {
      // What the log refuses, or had before, is not delivered, and not copied.
      stored.then(({ duplicate }) => (duplicate ? undefined : mirror.send(subject, copy)), ignore);
    },
    tellStored: (stored, tenant, event) => {
      // What the log had before may not have been told: its Shield may have died in between. The queue knows what it had.
      stored.then((appended) => hooks.send(tenant, event, appended), ignore);
    },
  };
}

/** Answers a request with what this promise gives, or refuses it with what it fails with. */
type Acknowledge = (session: Session, id: string, outcome: Promise<object>) => void;

function createAcknowledge({ envelopes, send }: PublisherOptions, refuse: Refuse): Acknowledge {
  return (session, id, outcome) => {
    session.unacknowledged++;
    outcome.then(
      (payload) => {
        session.unacknowledged--;
        send(session, envelopes.response(id, payload));
      },
      (error: unknown) => {
        session.unacknowledged--;
        refuse(session, id, error);
      },
    );
  };
}

function createPublishPrivate(
  { privateMessages, counters }: PublisherOptions,
  refuse: Refuse,
  acknowledge: Acknowledge,
): Publisher['publish'] {
  const counted = (): object => {
    counters.private();
    return {};
  };
  return (session, envelope) => {
    const { id, ack } = envelope;
    envelope.ack = false;
    const delivered = privateMessages.deliver(session, envelope).then(counted);
    if (ack) acknowledge(session, id, delivered);
    else {
      delivered.catch((error: unknown) => {
        // Who did not ask for an answer is not told that a target is away (PRT-17).
        if (isTargetMissing(error)) counters.failed(error);
        else refuse(session, id, error);
      });
    }
  };
}

/** To every connection of the tenant, which keeps no log of it (PRT-18). */
function createPublishToTenant({ spine, counters }: PublisherOptions, acknowledge: Acknowledge): Publisher['publish'] {
  return (session, envelope) => {
    const { id, ack } = envelope;
    envelope.ack = false;
    spine.publish(tenantOut(session.tenant), encodePublication(envelope));
    counters.live();
    if (ack) acknowledge(session, id, spine.flush().then(noContent));
  };
}

function subjectOf(session: Session, { tenant, room, channel }: ChannelAddress): ReturnType<typeof channelOut> {
  const subscription = session.subscriptions.get(`${room}:${channel}`);
  return subscription === undefined ? channelOut(tenant, room, channel) : subscription.channel.subject;
}

/** What the log refuses is no episode either. */
async function thenKept(appended: Promise<Appended>, keep: () => Promise<void>): Promise<Appended> {
  const position = await appended;
  await keep();
  return position;
}

function ignore(): void {
  // The refusal is told to who published.
}

function noContent(): object {
  return {};
}

function positionOf({ seq, epoch, duplicate }: Appended): object {
  return duplicate ? { seq, epoch, duplicate } : { seq, epoch };
}

function isTargetMissing(error: unknown): boolean {
  return error instanceof BusError && error.code === 'TARGET_NOT_FOUND';
}
