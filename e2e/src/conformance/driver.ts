import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Members } from './scenario.ts';

/** A program that drives an SDK: orders in, answers and events out. */
export interface Driver {
  /** Gives an order, and its answer. Rejects with a {@link Refusal}. */
  give(order: Members): Promise<Members>;
  /** Tells the events of this client from now on. */
  listen(client: string, listener: (event: Members) => void): void;
  stop(): Promise<void>;
}

/** What an order was refused with: `code`, `message`, `details`. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly members: Members;

  constructor(members: Members) {
    super(JSON.stringify(members));
    this.members = members;
  }
}

interface Waiting {
  resolve(result: Members): void;
  reject(error: unknown): void;
}

/** Keeps orders and answers together, whatever road they take. */
export class DriverLines {
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<string, (event: Members) => void>();
  readonly #send: (order: Members) => void;
  #lastId = 0;

  constructor(send: (order: Members) => void) {
    this.#send = send;
  }

  give(order: Members): Promise<Members> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ ...order, id });
    });
  }

  listen(client: string, listener: (event: Members) => void): void {
    this.#listeners.set(client, listener);
  }

  /** Takes a line of the driver. */
  take(line: Members): void {
    const { id, error, result, client } = line;
    if (typeof id !== 'number' || 'event' in line) {
      this.#listeners.get(String(client))?.(line);
      return;
    }
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result as Members);
    else waiting?.reject(new Refusal(error as Members));
  }

  /** No answer will come any more. */
  abort(reason: Error): void {
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }
}

/** A driver in a process of its own, which reads JSON lines and writes some. */
export function startDriverProcess(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Driver {
  const env = { ...process.env, ...options.env };
  const child = spawn(program, [...args], { cwd: options.cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
  const said: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  const lines = new DriverLines((order) => child.stdin.write(`${JSON.stringify(order)}\n`));
  createInterface({ input: child.stdout }).on('line', (line) => lines.take(JSON.parse(line) as Members));
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      lines.abort(new Error(`The driver ended with ${code}:\n${said.join('')}`));
      if (code === 0) resolve();
      else reject(new Error(`The driver ended with ${code}:\n${said.join('')}`));
    });
  });
  ended.catch(() => undefined);
  return {
    give: (order) => lines.give(order),
    listen: (client, listener) => lines.listen(client, listener),
    stop: () => {
      child.stdin.end();
      return ended;
    },
  };
}
