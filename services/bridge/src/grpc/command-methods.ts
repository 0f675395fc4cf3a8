import type { CommandName } from '@arqonbus/protocol';
import { BridgeService, HistoryResponseSchema } from '@arqonbus/protocol/bridge-messages';
import { ScalarType, fromJsonString, toJson } from '@bufbuild/protobuf';
import type { DescMessage, DescMethodUnary, MessageShape } from '@bufbuild/protobuf';
import type { ConnectRouter, ServiceImpl } from '@connectrpc/connect';
import { cutHistory } from '../operations/history-texts.ts';
import { runCommand } from '../operations/run-command.ts';
import { envelopeMessageOf } from './envelope-message.ts';
import type { MethodOptions } from './publish-methods.ts';

/** Methods whose message are the arguments of a command, and whose answer is its result. */
const places: readonly (readonly [method: DescMethodUnary, command: CommandName])[] = [
  [BridgeService.method.listRooms, 'list_rooms'],
  [BridgeService.method.listChannels, 'list_channels'],
  [BridgeService.method.createChannel, 'create_channel'],
  [BridgeService.method.channelInfo, 'channel_info'],
  [BridgeService.method.deleteChannel, 'delete_channel'],
  [BridgeService.method.presence, 'presence'],
  [BridgeService.method.disconnect, 'op.session.disconnect'],
  [BridgeService.method.listBans, 'op.ban.list'],
  [BridgeService.method.liftBan, 'op.ban.lift'],
  [BridgeService.method.listGrants, 'op.grant.list'],
  [BridgeService.method.putGrant, 'op.grant.put'],
  [BridgeService.method.deleteGrant, 'op.grant.delete'],
];

/** Adds them to a router. */
export function addCommandMethods(router: ConnectRouter, { spine, operationOf }: MethodOptions): void {
  for (const [method, command] of places) {
    router.rpc(method, async (request, context) => {
      const json = await runCommand(operationOf(context), command, argsOf(method.input, request), spine);
      return fromJsonString(method.output, decoder.decode(json), { ignoreUnknownFields: true });
    });
  }
}

type OtherMethods = Pick<ServiceImpl<typeof BridgeService>, 'history' | 'command'>;

/** Those that hand on what no message may round or read: pages of history, and whatever has no method of its own. */
export function createCommandMethods({ spine, limits, operationOf }: MethodOptions): OtherMethods {
  return {
    history: async (request, context) => {
      const args = argsOf(BridgeService.method.history.input, request);
      const { texts, rest } = cutHistory(await runCommand(operationOf(context), 'history', args, spine));
      const page = fromJsonString(HistoryResponseSchema, rest, { ignoreUnknownFields: true });
      page.publications = texts.map((text) => envelopeMessageOf(text, limits));
      return page;
    },
    command: async ({ command, args }, context) => ({
      result: await runCommand(operationOf(context), command, args.length === 0 ? EMPTY : args, spine),
    }),
  };
}

const EMPTY = new TextEncoder().encode('{}');
const decoder = new TextDecoder();

/** The fields that are set, by the names of the registry; whole numbers are numbers there, and texts in JSON of Protobuf. */
function argsOf(schema: DescMessage, message: MessageShape<DescMessage>): Uint8Array {
  const json = toJson(schema, message, { useProtoFieldName: true }) as Record<string, unknown>;
  for (const { name, scalar } of schema.fields) {
    if (scalar === ScalarType.UINT64 && json[name] !== undefined) json[name] = Number(json[name]);
  }
  return new TextEncoder().encode(JSON.stringify(json));
}
