import { isName, parseTarget } from '@arqonbus/protocol';
import type { FieldProblem } from '@arqonbus/protocol';
import type { ClientDescription } from './session.ts';

const CLIENT_TYPES: readonly ClientDescription['clientType'][] = ['human', 'ai-agent', 'dashboard', 'service'];
const MAX_TEXT = 256;
// Control characters would let a name forge lines in other people's logs and terminals.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;

/** The outcome of reading a query. */
export type DescriptionResult =
  | { readonly ok: true; readonly description: ClientDescription }
  | { readonly ok: false; readonly errors: readonly FieldProblem[] };

/** Reads what a client says of itself in the query of its upgrade (PRT-3). Unknown parameters are ignored. */
export function parseClientDescription(query: string): DescriptionResult {
  const parameters = new URLSearchParams(query);
  const clientType = CLIENT_TYPES.find((type) => type === (parameters.get('client_type') ?? 'human'));
  const target = parseDefaultTarget(parameters.get('room') ?? '', parameters.get('channel') ?? '');
  const errors: FieldProblem[] = [];
  if (clientType === undefined)
    errors.push({ field: 'client_type', problem: `must be one of ${CLIENT_TYPES.join(', ')}` });
  if (target === undefined) errors.push({ field: 'room', problem: 'room and channel must be names' });
  for (const field of ['screen_name', 'avatar', 'personality']) {
    const text = parameters.get(field) ?? '';
    if (text.length > MAX_TEXT || CONTROL.test(text)) {
      errors.push({ field, problem: `must be at most ${MAX_TEXT} characters, without control characters` });
    }
  }
  if (clientType === undefined || target === undefined || errors.length > 0) return { ok: false, errors };
  return {
    ok: true,
    description: {
      clientType,
      screenName: parameters.get('screen_name') ?? '',
      avatar: parameters.get('avatar') ?? '',
      personality: parameters.get('personality') ?? '',
      defaultRoom: target.room,
      defaultChannel: target.channel,
    },
  };
}

function parseDefaultTarget(room: string, channel: string): { room: string; channel: string } | undefined {
  if (room === '' && channel === '') return { room: '', channel: '' };
  if (channel === '' && isName(room)) return { room, channel: '' };
  return parseTarget(room, channel);
}
