import type { RootLogger } from '@arqonbus/telemetry';

/** A logger that keeps warnings and worse, for who asks after a failure. */
export function createQuietLogger(name: string, lines: string[], nowMs: () => number): RootLogger {
  const keep =
    (level: string) =>
    (fields: object, text: string): void => {
      lines.push(`${Math.round(nowMs())} ${name} ${level}: ${text} ${JSON.stringify(fields, withErrors)}`);
    };
  const ignore = (): void => undefined;
  const logger: RootLogger = {
    debug: ignore,
    info: ignore,
    warn: keep('warn'),
    error: keep('error'),
    fatal: keep('fatal'),
    child: () => logger,
    setLevel: ignore,
  };
  return logger;
}

function withErrors(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Error ? String(value.stack) : value;
}
