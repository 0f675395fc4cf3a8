import type { PolicyLogLevel, PolicyMessage, PolicyOutcome } from '../policy-message.ts';
import { PointerFault } from './guest-memory.ts';
import type { HostFunctions, LiveInstance } from './live-instance.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const ABSENT = -1;
const DONE = 0;
const MAX_NAME_BYTES = 256;
const MAX_LOG_BYTES = 1_024;
const MAX_LOGS = 16;
const MAX_HEADERS = 16;
const MAX_HEADER_BYTES = 1_024;
const MAX_REASON_BYTES = 512;
const LEVELS: readonly PolicyLogLevel[] = ['debug', 'info', 'warn', 'error'];
const HEADER_NAME = /^[a-z0-9][a-z0-9_.-]{0,63}$/;
const CODE = /^[A-Za-z0-9_.-]{1,64}$/;
/** Names of the server's own headers begin so. */
const RESERVED = 'x-arqon';

/** What the functions of the host do during one call (WSM-4). Everything that a policy hands over is measured and paid for. */
export class HostCalls {
  readonly functions: HostFunctions;
  #message: PolicyMessage | undefined;
  #live: LiveInstance | undefined;
  #payload: Uint8Array | undefined;
  #headers: (readonly [string, string])[] = [];
  #logs = 0;
  #rejection: { readonly code: string; readonly reason: string } | undefined;

  constructor() {
    const give = (read: (message: PolicyMessage, name: string) => string | undefined) => {
      return (name = 0, nameLength = 0, to = 0, room = 0): number => {
        const text = read(this.#now().message, this.#text(name, nameLength, MAX_NAME_BYTES));
        return text === undefined ? ABSENT : this.#give(encoder.encode(text), to, room);
      };
    };
    this.functions = {
      host_get_payload: (to = 0, room = 0) => this.#give(this.#now().message.payload, to, room),
      host_get_header: give((message, name) => message.header(name)),
      host_get_claim: give((message, name) => message.claim(name)),
      host_get_context: give((message, field) => message.context(field)),
      host_set_payload: (from = 0, length = 0) => {
        this.#payload = this.#take(from, length);
        return DONE;
      },
      host_add_header: (name = 0, nameLength = 0, value = 0, valueLength = 0) =>
        this.#addHeader(
          this.#text(name, nameLength, MAX_NAME_BYTES),
          this.#text(value, valueLength, MAX_HEADER_BYTES + 1),
        ),
      host_log: (level = 0, from = 0, length = 0) => {
        const text = this.#text(from, length, MAX_LOG_BYTES);
        if (++this.#logs <= MAX_LOGS) this.#now().message.log(LEVELS[level] ?? 'info', text);
      },
      host_reject: (code = 0, codeLength = 0, reason = 0, reasonLength = 0) => {
        const word = this.#text(code, codeLength, MAX_NAME_BYTES);
        const text = this.#text(reason, reasonLength, MAX_REASON_BYTES);
        this.#rejection ??= { code: CODE.test(word) ? word : 'REJECTED', reason: text };
      },
    };
  }

  /** A call begins. */
  begin(message: PolicyMessage, live: LiveInstance): void {
    this.#message = message;
    this.#live = live;
    this.#payload = undefined;
    this.#headers = [];
    this.#logs = 0;
    this.#rejection = undefined;
  }

  /** What the policy said, having returned this. A rejection stands, whatever it returned after it. */
  outcome(result: number, fuel: number): PolicyOutcome {
    const rejection = this.#rejection;
    if (rejection !== undefined) return { kind: 'reject', fuel, ...rejection };
    if (result !== 0) return { kind: 'reject', fuel, code: String(result), reason: '' };
    return { kind: 'allow', fuel, payload: this.#payload, headers: this.#headers };
  }

  #now(): { readonly message: PolicyMessage; readonly live: LiveInstance } {
    const [message, live] = [this.#message, this.#live];
    if (message === undefined || live === undefined) throw new Error('no call is under way');
    return { message, live };
  }

  /** Copies what fits into the policy's memory; gives the whole length. */
  #give(bytes: Uint8Array, to: number, room: number): number {
    const part = bytes.subarray(0, Math.min(bytes.length, room >>> 0));
    this.#pay(part.length);
    this.#now().live.memory.write(to, part);
    return bytes.length;
  }

  #take(from: number, length: number): Uint8Array {
    const bytes = this.#now().live.memory.at(from, length);
    this.#pay(bytes.length);
    return bytes.slice();
  }

  /** Reads a text; what is longer is cut off. All of it must be in memory all the same. */
  #text(from: number, length: number, maxBytes: number): string {
    const bytes = this.#now().live.memory.at(from, length);
    const part = bytes.subarray(0, maxBytes);
    this.#pay(part.length);
    return decoder.decode(part);
  }

  #addHeader(name: string, value: string): number {
    const isUsable = HEADER_NAME.test(name) && !name.startsWith(RESERVED) && value.length <= MAX_HEADER_BYTES;
    if (!isUsable || this.#headers.length >= MAX_HEADERS) return ABSENT;
    this.#headers.push([name, value]);
    return DONE;
  }

  /** One for a byte: what is copied here may be looked at elsewhere once more. */
  #pay(bytes: number): void {
    if (bytes === 0) return;
    const { fuel } = this.#now().live;
    const left = Math.max(fuel.value - bytes, -1);
    fuel.value = left;
    if (left < 0) throw new PointerFault();
  }
}
