import { pino } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';
import { redactFields, redactText } from './redact.ts';

/** How much is logged, most first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The fields of a log line: those of TEL-1 under their fixed names, and what the event needs besides. Never a payload. */
export interface LogFields {
  readonly trace_id?: string;
  readonly tenant?: string;
  readonly client_id?: string;
  readonly room?: string;
  readonly channel?: string;
  readonly command?: string;
  readonly [name: string]: unknown;
}

/** Writes one JSON line per event (TEL-1). `text` is a fixed sentence; what varies belongs into the fields. */
export interface Logger {
  debug(fields: LogFields, text: string): void;
  info(fields: LogFields, text: string): void;
  warn(fields: LogFields, text: string): void;
  error(fields: LogFields, text: string): void;
  fatal(fields: LogFields, text: string): void;
  /** A logger that adds `fields` to every line. */
  child(fields: LogFields): Logger;
}

/** The logger of a process, whose level can change while it runs. Loggers that it has made keep theirs. */
export interface RootLogger extends Logger {
  setLevel(level: LogLevel): void;
}

/** Where logs go and from which level on. */
export interface LoggerOptions {
  readonly level: LogLevel;
  /** Gets whole lines; standard output when absent. */
  readonly destination?: DestinationStream;
}

/**
 * Makes a logger. Fields named like secrets or payloads are replaced at any depth, and text that looks like a token
 * is replaced wherever it stands. Times are RFC 3339; levels are words.
 */
export function createLogger({ level, destination }: LoggerOptions): RootLogger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    messageKey: 'message',
    serializers: { err: (value: unknown) => value },
    formatters: {
      level: (label: string) => ({ level: label }),
      log: redactFields,
      bindings: redactFields,
    },
    hooks: { streamWrite: redactText },
  };
  const target = destination === undefined ? pino(options) : pino(options, destination);
  return {
    ...adapt(target),
    setLevel: (wanted) => {
      target.level = wanted;
    },
  };
}

function adapt(target: PinoLogger): Logger {
  return {
    debug: (fields, text) => target.debug(fields, text),
    info: (fields, text) => target.info(fields, text),
    warn: (fields, text) => target.warn(fields, text),
    error: (fields, text) => target.error(fields, text),
    fatal: (fields, text) => target.fatal(fields, text),
    child: (fields) => adapt(target.child(fields)),
  };
}
