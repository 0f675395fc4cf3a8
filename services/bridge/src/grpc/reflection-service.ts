import type { ServerReflection, ServerReflectionRequest } from '@arqonbus/protocol/bridge-messages';
import { createRegistry, toBinary } from '@bufbuild/protobuf';
import type { DescFile, DescService } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';

const NOT_FOUND = 5;
const UNIMPLEMENTED = 12;

/** Tells tools what is served here: descriptors of these services and of what they are made of. */
export function createReflectionService(services: readonly DescService[]): ServiceImpl<typeof ServerReflection> {
  const files = new Map<string, DescFile>();
  for (const { file } of services) addFile(file, files);
  const registry = createRegistry(...files.values());
  const fileOf = (symbol: string): DescFile | undefined =>
    (registry.get(symbol) ?? registry.get(symbol.slice(0, symbol.lastIndexOf('.'))))?.file;
  return {
    serverReflectionInfo: async function* serverReflectionInfo(requests) {
      for await (const request of requests) {
        const { case: kind, value } = request.messageRequest;
        const file =
          kind === 'fileByFilename' ? files.get(value) : kind === 'fileContainingSymbol' ? fileOf(value) : undefined;
        yield { originalRequest: request, messageResponse: answerOf(request, file, services) };
      }
    },
  };
}

function addFile(file: DescFile, files: Map<string, DescFile>): void {
  if (files.has(file.proto.name)) return;
  for (const dependency of file.dependencies) addFile(dependency, files);
  files.set(file.proto.name, file);
}

function answerOf(
  { messageRequest: { case: kind } }: ServerReflectionRequest,
  file: DescFile | undefined,
  services: readonly DescService[],
) {
  if (kind === 'listServices') {
    const service = services.map(({ typeName: name }) => ({ name }));
    return { case: 'listServicesResponse' as const, value: { service } };
  }
  if (file !== undefined) {
    const files = new Map<string, DescFile>();
    addFile(file, files);
    const fileDescriptorProto = [...files.values()]
      .toReversed()
      .map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
    return { case: 'fileDescriptorResponse' as const, value: { fileDescriptorProto } };
  }
  const isKnown = kind === 'fileByFilename' || kind === 'fileContainingSymbol';
  const value = isKnown
    ? { errorCode: NOT_FOUND, errorMessage: 'There is no such thing.' }
    : { errorCode: UNIMPLEMENTED, errorMessage: 'There are no extensions here.' };
  return { case: 'errorResponse' as const, value };
}
