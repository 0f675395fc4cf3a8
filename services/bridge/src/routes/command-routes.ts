import { commands } from '@arqonbus/protocol';
import type { CommandDefinition, CommandName, Schema } from '@arqonbus/protocol';
import type { Spine } from '@arqonbus/spine';
import { withMembers } from '../operations/json-text.ts';
import { runCommand } from '../operations/run-command.ts';
import type { Route } from './route.ts';

type Place = readonly [method: Route['method'], path: string, command: CommandName, name?: string];

const CHANNEL = '/v1/rooms/{room}/channels/{channel}';

/** Commands that have a path of their own; all others, and these too, go by their names. */
const places: readonly Place[] = [
  ['GET', '/v1/status', 'status'],
  ['GET', '/v1/commands', 'help'],
  ['GET', '/v1/rooms', 'list_rooms'],
  ['GET', '/v1/rooms/{room}/channels', 'list_channels'],
  ['POST', '/v1/rooms/{room}/channels', 'create_channel'],
  ['GET', CHANNEL, 'channel_info'],
  ['DELETE', CHANNEL, 'delete_channel'],
  ['GET', '/v1/rooms/{room}/presence', 'presence', 'presence_of_room'],
  ['GET', `${CHANNEL}/presence`, 'presence'],
  ['GET', '/v1/rooms/{room}/history', 'history', 'history_of_room'],
  ['GET', `${CHANNEL}/history`, 'history'],
  ['POST', '/v1/disconnect', 'op.session.disconnect', 'disconnect'],
  ['GET', '/v1/bans', 'op.ban.list', 'list_bans'],
  ['DELETE', '/v1/bans/{user}', 'op.ban.lift', 'lift_ban'],
  ['GET', '/v1/grants', 'op.grant.list', 'list_grants'],
  ['POST', '/v1/grants', 'op.grant.put', 'put_grant'],
  ['DELETE', '/v1/grants/{grant_id}', 'op.grant.delete', 'delete_grant'],
];

const ANY_OBJECT: Schema = { type: 'object' };

/** Routes that run commands at the edge. */
export function createCommandRoutes(spine: Spine): readonly Route[] {
  return [
    ...places.map((place) => createPlace(place, spine)),
    {
      name: 'command',
      method: 'POST',
      path: '/v1/commands/{command}',
      summary: 'Runs any command that needs no connection; the body are its arguments.',
      body: ANY_OBJECT,
      result: ANY_OBJECT,
      run: (request) => runCommand(request, request.params['command'] ?? '', argsOf(request.body, {}), spine),
    },
  ];
}

function createPlace([method, path, command, name = command]: Place, spine: Spine): Route {
  const { summary, args, result }: CommandDefinition = commands[command];
  const hasBody = method === 'POST';
  return {
    name,
    method,
    path,
    summary,
    ...(hasBody ? { body: args } : { query: args }),
    result,
    run: (request) => {
      const { params, query, body } = request;
      const given = hasBody ? params : { ...argsOfQuery(query, args), ...params };
      return runCommand(request, command, argsOf(hasBody ? body : EMPTY, given), spine);
    },
  };
}

const EMPTY = new TextEncoder().encode('{}');

function argsOf(body: Uint8Array, members: Readonly<Record<string, unknown>>): Uint8Array {
  return withMembers(body.length === 0 ? EMPTY : body, members);
}

/** Texts of a query, as what the registry says they are; what is none of it stays a text, which the registry refuses. */
function argsOfQuery(query: URLSearchParams, { properties = {} }: Schema): Record<string, unknown> {
  return Object.fromEntries([...query].map(([key, text]) => [key, valueOf(text, properties[key]?.type)]));
}

function valueOf(text: string, type: Schema['type']): unknown {
  const isNumber = (type === 'integer' || type === 'number') && text !== '' && Number.isFinite(Number(text));
  if (isNumber) return Number(text);
  return type === 'boolean' && (text === 'true' || text === 'false') ? text === 'true' : text;
}
