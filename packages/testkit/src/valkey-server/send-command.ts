import { once } from 'node:events';
import { connect } from 'node:net';

const TIMEOUT_MS = 5_000;

/** Who sends a command. */
export interface CommandUser {
  readonly user: string;
  readonly password: string;
}

/**
 * Sends one command to the server on this port of the machine and gives its answer: the text of a simple answer, a number
 * or a string. Rejects with the text of an error answer. For what tests do to a server, not for what the bus does with it.
 */
export async function sendCommand(port: number, words: readonly string[], as?: CommandUser): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', timeout: TIMEOUT_MS });
  socket.on('timeout', () => socket.destroy(new Error('the server does not answer')));
  await once(socket, 'connect');
  if (as !== undefined) socket.write(encode(['AUTH', as.user, as.password]));
  socket.write(encode(words));
  let answer = '';
  try {
    for await (const part of socket.setEncoding('utf8')) {
      answer += String(part);
      const own = as === undefined ? answer : afterFirst(answer);
      const parsed = parseAnswer(own);
      if (parsed !== undefined) return parsed;
    }
  } finally {
    socket.destroy();
  }
  throw new Error(`the server closed after ${JSON.stringify(answer)}`);
}

function encode(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

/** What comes behind the answer to AUTH, which is one line. */
function afterFirst(answer: string): string {
  if (answer.startsWith('-')) throw new Error(answer);
  const end = answer.indexOf('\r\n');
  return end < 0 ? '' : answer.slice(end + 2);
}

/** Undefined while more has to come. */
function parseAnswer(answer: string): string | undefined {
  const end = answer.indexOf('\r\n');
  if (end < 0) return undefined;
  const head = answer.slice(1, end);
  switch (answer[0]) {
    case '-':
      throw new Error(head);
    case '$': {
      const bytes = Buffer.from(answer.slice(end + 2));
      const length = Number(head);
      return length < 0 ? '' : bytes.length < length ? undefined : bytes.subarray(0, length).toString('utf8');
    }
    default:
      return head;
  }
}
