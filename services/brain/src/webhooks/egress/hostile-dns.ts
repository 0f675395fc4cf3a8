import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import type { ResolveHost } from './checked-lookup.ts';

/** A DNS server on this machine that answers each question with the next of its answers, for tests. */
export interface HostileDns {
  readonly resolve: ResolveHost;
  /** How often it was asked. */
  asked(): number;
  close(): Promise<void>;
}

const HEADER_BYTES = 12;
const TYPE_A = 1;

/** Starts one whose answers are these, the last one for ever; each may hold several addresses. */
export async function startHostileDns(answers: readonly (readonly string[])[]): Promise<HostileDns> {
  const socket = createSocket('udp4');
  let asked = 0;
  socket.on('message', (question, { port, address }) => {
    const found = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    socket.send(answerTo(question, found), port, address);
  });
  await new Promise<void>((resolve) => void socket.bind(0, '127.0.0.1', resolve));
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return {
    resolve: (host) => resolver.resolve4(host),
    asked: () => asked,
    close: () => new Promise((resolve) => void socket.close(() => resolve())),
  };
}

/** The question as it came, and an A record with no time to live for each address. */
function answerTo(question: Buffer, addresses: readonly string[]): Buffer {
  let end = HEADER_BYTES;
  while (question[end] !== 0) end += (question[end] ?? 0) + 1;
  const asked = question.subarray(0, end + 5);
  const header = Buffer.from(asked);
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(addresses.length, 6);
  header.writeUInt16BE(0, 10);
  const records = addresses.map((address) =>
    Buffer.from([0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]),
  );
  return Buffer.concat([header, ...records]);
}
