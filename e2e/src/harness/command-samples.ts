import { commands } from '@arqonbus/protocol';

/** A command with all that it needs, of values that hurt nobody. */
export interface CommandSample {
  readonly command: string;
  /** Arguments that are texts, needed or not. */
  readonly texts: readonly string[];
  readonly args: Readonly<Record<string, unknown>>;
}

/** What an argument is by its name, where any text would not be understood. */
const honest: Readonly<Record<string, unknown>> = {
  room: 'lab',
  channel: 'bench',
  subject: 'user:nobody',
  action: 'join',
  pattern: 'lab:*',
  effect: 'allow',
  key: 'nobody',
  group: 'research',
  operation: 'redact',
};

interface ArgumentSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
}

interface ArgumentsSchema {
  readonly properties?: Readonly<Record<string, ArgumentSchema>>;
  readonly required?: readonly string[];
}

/** An honest value of this argument. */
export function sampleOf(name: string, { type, enum: values, minimum }: ArgumentSchema = {}): unknown {
  if (honest[name] !== undefined) return honest[name];
  if (values !== undefined) return values[0];
  if (type === 'integer' || type === 'number') return minimum ?? 1;
  if (type === 'boolean') return false;
  if (type === 'array') return [];
  return type === 'object' ? {} : 'nobody';
}

/** One of every command of the protocol. */
export function commandSamples(): readonly CommandSample[] {
  return Object.values(commands).map(({ name: command, args }) => {
    const { properties = {}, required = [] } = args as ArgumentsSchema;
    const texts = Object.keys(properties).filter((name) => [undefined, 'string'].includes(properties[name]?.type));
    return {
      command,
      texts,
      args: Object.fromEntries(required.map((name) => [name, sampleOf(name, properties[name])])),
    };
  });
}
