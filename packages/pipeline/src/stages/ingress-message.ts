import type { JudgedMessage, PolicyLogLevel } from '@arqonbus/policy';
import { NO_BYTES, isJsonContentType, scanJson } from '@arqonbus/protocol';
import type { Envelope, Limits } from '@arqonbus/protocol';
import type { Ingress } from '../ingress.ts';

/**
 * A message on its way in, as policies see it. One for all messages of a pipeline: nothing is made for a policy that
 * asks for nothing.
 */
export class IngressMessage implements JudgedMessage {
  readonly #limits: Limits;
  readonly #onLog: (ingress: Ingress, level: PolicyLogLevel, text: string) => void;
  #ingress: Ingress | undefined;

  constructor(limits: Limits, onLog: (ingress: Ingress, level: PolicyLogLevel, text: string) => void) {
    this.#limits = limits;
    this.#onLog = onLog;
  }

  /** From now on it is this message. */
  begin(ingress: Ingress): void {
    this.#ingress = ingress;
  }

  get room(): string {
    return this.#envelope().room;
  }

  get channel(): string {
    return this.#envelope().channel;
  }

  get payload(): Uint8Array {
    const { type, payload, args } = this.#envelope();
    return type === 'command' ? args : payload;
  }

  header(name: string): string | undefined {
    const { headers } = this.#envelope();
    return Object.hasOwn(headers, name) ? headers[name] : undefined;
  }

  claim(name: string): string | undefined {
    return this.#now().origin.claim?.(name);
  }

  context(field: string): string | undefined {
    const { origin } = this.#now();
    const envelope = this.#envelope();
    switch (field) {
      case 'room':
        return envelope.room;
      case 'channel':
        return envelope.channel;
      case 'type':
        return envelope.type;
      case 'command':
        return envelope.command;
      case 'content_type':
        return envelope.contentType;
      case 'sender':
        return origin.clientId;
      case 'user':
        return origin.user;
      case 'tenant':
        return origin.tenant;
      default:
        return undefined;
    }
  }

  log(level: PolicyLogLevel, text: string): void {
    this.#onLog(this.#now(), level, text);
  }

  setPayload(payload: Uint8Array): boolean {
    const envelope = this.#envelope();
    if (!this.#isPayload(envelope, payload)) return false;
    if (envelope.type === 'command') envelope.args = payload;
    else envelope.payload = payload;
    // What readers with more rights were to see is what the policy has replaced.
    this.#now().views = undefined;
    return true;
  }

  setHeader(name: string, value: string): void {
    const envelope = this.#envelope();
    envelope.headers = { ...envelope.headers, [name]: value };
  }

  #isPayload({ type, contentType }: Envelope, payload: Uint8Array): boolean {
    const isCommand = type === 'command';
    if (payload.length > this.#limits.maxFrameBytes) return false;
    if (!isCommand && !isJsonContentType(contentType)) return true;
    if (payload === NO_BYTES || scanJson(payload, 0, payload.length, this.#limits, inEnvelope) !== undefined)
      return false;
    return !isCommand || isObject(payload);
  }

  #now(): Ingress {
    if (this.#ingress === undefined) throw new Error('no message is judged');
    return this.#ingress;
  }

  #envelope(): Envelope {
    return this.#now().envelope;
  }
}

/** A payload lies in an envelope already, and arguments may hold no names of prototypes (PRT-8). */
const inEnvelope = { refusesPrototypes: true, outerDepth: 1 };

function isObject(json: Uint8Array): boolean {
  return json[json.findIndex((byte) => byte > 0x20)] === 0x7b;
}
