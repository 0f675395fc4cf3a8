import { inspectEnvelope } from '@arqonbus/casil';
import type { CasilPolicy } from '@arqonbus/casil';
import { createEnvelope } from '@arqonbus/protocol';
import type { FieldProblem } from '@arqonbus/protocol';
import type { ClientDescription } from '../session/session.ts';

/** What a client may show of itself, or where it holds what nobody may see; its own words are not repeated. */
export type ScreenedDescription =
  | { readonly ok: true; readonly description: ClientDescription }
  | { readonly ok: false; readonly errors: readonly FieldProblem[] };

/** Inspects what a client says of itself as it connects (SAF-3): others see it for as long as it is there. */
export function screenDescription(
  description: ClientDescription,
  policy: CasilPolicy | undefined,
): ScreenedDescription {
  const { screenName, avatar, personality, defaultRoom: room, defaultChannel: channel } = description;
  const texts = { screen_name: screenName, avatar, personality };
  const isSilent = screenName === '' && avatar === '' && personality === '' && room === '';
  if (policy === undefined || isSilent) return { ok: true, description };
  const args = new TextEncoder().encode(JSON.stringify(texts));
  const { outcome, findings, rewritten } = inspectEnvelope(
    { ...createEnvelope('command'), room, channel, args },
    policy,
  );
  if (outcome === 'BLOCK') return { ok: false, errors: errorsOf(findings) };
  if (rewritten.args === undefined) return { ok: true, description };
  const shown = JSON.parse(new TextDecoder().decode(rewritten.args)) as typeof texts;
  return {
    ok: true,
    description: {
      ...description,
      screenName: shown.screen_name,
      avatar: shown.avatar,
      personality: shown.personality,
    },
  };
}

function errorsOf(findings: ReturnType<typeof inspectEnvelope>['findings']): readonly FieldProblem[] {
  return findings
    .filter(({ action }) => action === 'block')
    .map(({ path, detector }) => ({ field: path.replace('args/', ''), problem: `holds ${detector}` }));
}
