import { BusError, commands, isCommandName } from '@arqonbus/protocol';
import type { CommandDefinition } from '@arqonbus/protocol';
import type { RpcObserver, SpineSubscription } from '@arqonbus/spine';
import type { Metrics } from '@arqonbus/telemetry';
import type { CommandDispatcher } from './commands/dispatcher.ts';
import type { DeliveryParts } from './compose-delivery.ts';
import type { InboundParts } from './compose-inbound.ts';
import { serveWithoutConnection } from './edge/serve-edge.ts';
import type { EdgeOptions } from './edge/serve-edge.ts';
import type { Publisher } from './publish/publisher.ts';
import type { Refuse } from './publish/refuse.ts';
import { createAcceptMessage } from './session/inbound.ts';
import type { ShieldOptions } from './shield-options.ts';

/** What serving those without a connection is made from. */
export interface EdgeParts
  extends
    Pick<DeliveryParts, 'tenantStates'>,
    Pick<InboundParts, 'inbound' | 'refuse'>,
    Pick<EdgeOptions, 'bans' | 'grants' | 'rights'> {}

/** Serves those without a connection, by the parts that serve sessions (ARC-15). */
export function composeEdge(options: ShieldOptions, parts: EdgeParts): SpineSubscription {
  const { inbound, refuse } = parts;
  const shared = { ...inbound, answersAll: true };
  return serveWithoutConnection({
    ...options,
    ...parts,
    accept: {
      publish: createAcceptMessage({ ...shared, dispatcher: noCommands(refuse) }),
      command: createAcceptMessage({ ...shared, dispatcher: commandsOf(inbound, refuse), publisher: noEvents(refuse) }),
    },
    refuse: (session, code) => refuse(session, '', new BusError(code)),
    observer: createObserver(options),
  });
}

/** Where messages are published no commands are run. */
function noCommands(refuse: Refuse): CommandDispatcher {
  return { dispatch: ({ session, envelope }) => refuse(session, envelope.id, new BusError('UNKNOWN_TYPE')) };
}

/** Where commands are run nothing is published. */
function noEvents(refuse: Refuse): Publisher {
  return { publish: (session, { id }) => refuse(session, id, new BusError('UNKNOWN_TYPE')) };
}

/** All commands but those that are about a connection. */
function commandsOf({ dispatcher }: InboundParts['inbound'], refuse: Refuse): CommandDispatcher {
  return {
    dispatch: (call) => {
      const { command, id } = call.envelope;
      const definition: CommandDefinition | undefined = isCommandName(command) ? commands[command] : undefined;
      if (definition?.needsConnection !== true) dispatcher.dispatch(call);
      else
        refuse(
          call.session,
          id,
          new BusError('FEATURE_DISABLED', 'The command is about a connection, and there is none.'),
        );
    },
  };
}

const BUCKETS_SECONDS = [0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

function createObserver({
  metrics,
  logger,
}: { readonly metrics: Metrics } & Pick<ShieldOptions, 'logger'>): RpcObserver {
  const durations = metrics.histogram(
    'arqonbus_edge_request_duration_seconds',
    'From a request for somebody without a connection to its answer.',
    BUCKETS_SECONDS,
  );
  const requests = metrics.labelledCounter(
    'arqonbus_edge_requests_total',
    'Requests for somebody without a connection, by method.',
    'method',
    { values: ['edge.publish', 'edge.command'] },
  );
  const refused = metrics.labelledCounter(
    'arqonbus_edge_refused_total',
    'Requests for somebody without a connection that were refused as a whole, by code.',
    'code',
  );
  return {
    onAnswered: (method, durationMs, code) => {
      requests.inc(method);
      durations.observe(durationMs / 1000);
      if (code !== '') refused.inc(code);
    },
    onMalformed: (subject) => logger.warn({ event: 'malformed_request', subject }, 'a request could not be read'),
    onFailure: (subject, err) => logger.error({ event: 'request_failed', subject, err }, 'a request failed'),
  };
}
