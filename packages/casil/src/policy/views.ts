import { isUserId } from '@arqonbus/protocol';
import { PATH_DETECTOR } from '../inspect/json-inspector.ts';
import { PATTERN_DETECTOR } from '../inspect/redact-text.ts';
import { actionsOf } from './settings.ts';
import type { CasilSettings } from './settings.ts';

/** Who sees more than the others (CAS-12). */
export type ViewReaders =
  | { readonly kind: 'role' | 'capability'; readonly name: string }
  /** Whoever has the right `reveal` there. */
  | { readonly kind: 'grant' };

/** One entry of `casil.views`. */
export interface ViewEntry {
  /** As it is written. What is sealed carries it, so an entry that was changed shows nothing of what was sealed under the old one. */
  readonly text: string;
  readonly readers: ViewReaders;
  /** What is inspected with for these readers: the settings, but what is shown to them is allowed. */
  readonly settings: CasilSettings;
}

/** A publication has four views at most, and the most redacted is one of them. */
const MAX_VIEWS = 3;

const ENTRY = /^(?:(role|capability):([^=]+)|grant)=([a-z0-9_*]+(?:\+[a-z0-9_]+)*)$/;
const ROLES = ['guest', 'user', 'moderator', 'admin'];

/** Reads `casil.views`, or says what is wrong with them. */
export function parseViews(settings: CasilSettings): readonly ViewEntry[] | string {
  if (settings.views.length > MAX_VIEWS) return `may hold ${MAX_VIEWS} entries at most`;
  const entries: ViewEntry[] = [];
  for (const [index, text] of settings.views.entries()) {
    const entry = parseEntry(text, settings);
    if (typeof entry === 'string') return `has a malformed item ${index + 1}: ${entry}`;
    entries.push(entry);
  }
  return entries;
}

function parseEntry(text: string, settings: CasilSettings): ViewEntry | string {
  const [, kind, name = '', shown = ''] = ENTRY.exec(text) ?? [];
  if (shown === '')
    return 'write role:<role>=<detector>+<detector>, capability:<name>=… or grant=…, with * for everything';
  if (kind === 'role' && !ROLES.includes(name)) return `${ROLES.join(', ')} are the roles`;
  if (kind === 'capability' && !isUserId(name)) return 'that is no capability';
  const readers: ViewReaders = kind === 'role' || kind === 'capability' ? { kind, name } : { kind: 'grant' };
  const seen = settingsFor(shown, settings);
  return typeof seen === 'string' ? seen : { text, readers, settings: seen };
}

/** What blocks, blocks for all: a view shows what others see redacted, and nothing else. */
function settingsFor(shown: string, settings: CasilSettings): CasilSettings | string {
  const actions = actionsOf(settings);
  const isAll = shown === '*';
  const ids = isAll ? [...actions.keys(), PATH_DETECTOR, PATTERN_DETECTOR] : shown.split('+');
  const unknown = ids.find((id) => !actions.has(id) && id !== PATH_DETECTOR && id !== PATTERN_DETECTOR);
  if (unknown !== undefined) return 'it names what is no detector';
  const allowed = ids.filter((id) => actions.get(id) === 'redact').map((id) => [id, 'allow'] as const);
  return {
    ...settings,
    // The views of a view would be its own.
    views: [],
    detectors: { ...settings.detectors, ...Object.fromEntries(allowed) },
    redactionPaths: ids.includes(PATH_DETECTOR) ? [] : settings.redactionPaths,
    redactionPatterns: ids.includes(PATTERN_DETECTOR) ? [] : settings.redactionPatterns,
  };
}
