import { copyBytes } from './bytes/copy-bytes.ts';
import { NO_BYTES, isJsonContentType } from './envelope.ts';
import type { Envelope } from './envelope.ts';
import { createFieldIndex } from './json/json-fields.ts';
import { JsonScanner } from './json/json-scanner.ts';
import { readJsonString } from './json/json-string.ts';
import { scanJson } from './json/scan-json.ts';
import type { Limits } from './limits.ts';
import type { Problems } from './problems.ts';

const COMMAND = 0;
const PARAMETERS = 1;
const QUOTE = 0x22;
const OPEN_OBJECT = 0x7b;

const aliases = createFieldIndex(['command', 'parameters'], -1);
const spans = { starts: new Int32Array(2), ends: new Int32Array(2) };
const scanner = new JsonScanner();

/**
 * Older clients put a command into its payload: `payload.command` and `payload.parameters` become `command` and `args`
 * where those are absent, and the payload goes. The payload's JSON has been checked before.
 */
export function applyCommandAlias(envelope: Envelope, limits: Limits, problems: Problems): void {
  if (envelope.type !== 'command' || envelope.command !== '') return;
  const { payload } = envelope;
  if (payload[0] !== OPEN_OBJECT || !isJsonContentType(envelope.contentType)) return;
  spans.starts.fill(0);
  scanner.begin(payload, payload.length, limits, false);
  scanner.members(0, aliases, spans);
  scanner.finish();
  const commandStart = spans.starts[COMMAND] as number;
  if (commandStart === 0) return;
  if (payload[commandStart] !== QUOTE) return problems.add('payload.command', 'must be a string');
  envelope.command = readJsonString(payload, commandStart, spans.ends[COMMAND] as number);
  const argsStart = spans.starts[PARAMETERS] as number;
  if (argsStart > 0 && envelope.args.length === 0) {
    envelope.args = copyBytes(payload, argsStart, spans.ends[PARAMETERS] as number);
    checkParameters(envelope.args, limits, problems);
  }
  envelope.payload = NO_BYTES;
}

/** As arguments they answer to stricter rules than as part of a payload. */
function checkParameters(args: Uint8Array, limits: Limits, problems: Problems): void {
  if (args[0] !== OPEN_OBJECT) return problems.add('payload.parameters', 'must be an object');
  const problem = scanJson(args, 0, args.length, limits, { refusesPrototypes: true, outerDepth: 1 });
  if (problem !== undefined) problems.add(`payload.parameters.${problem.field}`, problem.problem);
}
