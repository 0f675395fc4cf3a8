import { parseArgs } from 'node:util';
import type { Config, Problem } from '@arqonbus/config';

/** What the processes of services take on their command line. */
export interface ServiceFlags {
  /** Path of the configuration file. */
  readonly config: string | undefined;
}

/** Reads `--config <file>`; ends the process with 2 for anything else (CLI-1). */
export function parseServiceFlags(args: readonly string[]): ServiceFlags {
  try {
    const { values } = parseArgs({ args: [...args], options: { config: { type: 'string' } }, strict: true });
    return { config: values.config };
  } catch (error) {
    process.stderr.write(`arqon: ${error instanceof Error ? error.message : 'the arguments cannot be read'}\n`);
    process.exit(2);
  }
}

const MIN_ID_KEY_BYTES = 32;

/** What a Shield needs of keys. */
export function needsKeys(config: Config): readonly Problem[] {
  return [...needsIdKey(config), ...needsLongKeys(config)];
}

/** A Shield names what it stores by ids that nobody else can make (LOG-5). */
function needsIdKey({ log }: Config): readonly Problem[] {
  const fix = 'generate one with: arqon auth gen; every Shield needs the same';
  if (log.idKey === '') return [{ key: 'log.id_key', problem: 'is missing', fix }];
  const isShort = Buffer.byteLength(log.idKey) < MIN_ID_KEY_BYTES;
  return isShort ? [{ key: 'log.id_key', problem: `has fewer than ${MIN_ID_KEY_BYTES} bytes`, fix }] : [];
}

/** Resume tokens are sealed with keys that nobody can guess (PRT-7), and ids are made with such keys, too. */
function needsLongKeys({ resume, log }: Config): readonly Problem[] {
  const fix = 'generate one with: arqon auth gen; every Shield needs the same';
  const keys = {
    'log.other_id_key': log.otherIdKey,
    'resume.key': resume.key,
    'resume.other_key': resume.otherKey,
  };
  return Object.entries(keys).flatMap(([key, value]) =>
    value !== '' && Buffer.byteLength(value) < MIN_ID_KEY_BYTES
      ? [{ key, problem: `has fewer than ${MIN_ID_KEY_BYTES} bytes`, fix }]
      : [],
  );
}

/** A service of its own meets the others on NATS, so it needs to know where that is (CFG-4). */
export function needsNats({ nats }: Config): readonly Problem[] {
  if (nats.url.length > 0) return [];
  return [{ key: 'nats.url', problem: 'is missing', fix: 'set ARQONBUS_NATS_URL, or run `arqon dev` for one process' }];
}
