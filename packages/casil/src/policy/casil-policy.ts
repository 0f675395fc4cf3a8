import { compilePattern } from '@arqonbus/protocol';
import type { TargetPredicate } from '@arqonbus/protocol';
import type { Problem } from '@arqonbus/config';
import type { Action } from '../detectors/detector.ts';
import { detectorTable } from '../detectors/index.ts';
import { suspiciousLiterals } from '../detectors/suspicious-names.ts';
import { createTextInspector } from '../inspect/text-inspector.ts';
import type { TextInspector } from '../inspect/text-inspector.ts';
import type { Literal } from '../literals/literal-set.ts';
import { parseRedactionPaths } from './redaction-paths.ts';
import type { RedactionPaths } from './redaction-paths.ts';
import { compileRedactionPatterns } from './redaction-patterns.ts';
import type { RedactionPatterns } from './redaction-patterns.ts';
import { actionsOf } from './settings.ts';
import { parseViews } from './views.ts';
import type { ViewEntry } from './views.ts';
import type { CasilSettings } from './settings.ts';

/** Settings made ready to inspect by. Holds no state: any number of messages may be inspected with one. */
export interface CasilPolicy {
  readonly settings: CasilSettings;
  readonly actions: ReadonlyMap<string, Action>;
  readonly paths: RedactionPaths;
  readonly patterns: RedactionPatterns | undefined;
  readonly inspector: TextInspector;
  /** Whether what is sent there is inspected; both empty = it has no room (CAS-1). */
  readonly isInScope: TargetPredicate;
  /** Whether anything may be observed of what is sent there. */
  readonly mayObserve: TargetPredicate;
  /** Who sees more than the others; the first that fits a reader counts (CAS-12). */
  readonly views: readonly PolicyView[];
}

/** A view of a policy. */
export interface PolicyView extends Pick<ViewEntry, 'text' | 'readers'> {
  /** What is inspected with for its readers. */
  readonly policy: CasilPolicy;
}

/** A policy, or everything that is wrong with its settings. */
export type PolicyResult =
  | { readonly ok: true; readonly policy: CasilPolicy }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Makes a policy of settings as a whole: one thing wrong, and there is none (CAS-2, CAS-9). */
export function createCasilPolicy(settings: CasilSettings): PolicyResult {
  const problems: Problem[] = [];
  const use = <T>(key: string, value: T | string): T | undefined => {
    if (typeof value !== 'string') return value;
    problems.push({ key, problem: value });
    return undefined;
  };
  const include = use('scope_include', compileGlobs(settings.scopeInclude));
  const exclude = use('scope_exclude', compileGlobs(settings.scopeExclude));
  const hidden = use('never_log_payload_for', compileGlobs(settings.neverLogPayloadFor));
  const paths = use('redaction_paths', parseRedactionPaths(settings.redactionPaths));
  const patterns = use(
    'redaction_patterns',
    compileRedactionPatterns(settings.redactionPatterns, settings.maxPatterns),
  );
  const views = use('views', makeViews(settings));
  const unknown = Object.keys(settings.detectors).find((id) => !detectorTable.has(id));
  if (unknown !== undefined) problems.push({ key: 'detectors', problem: `names ${unknown}, which is no detector` });
  if (include === undefined || exclude === undefined || hidden === undefined || paths === undefined) {
    return { ok: false, problems };
  }
  if (problems.length > 0 || views === undefined) return { ok: false, problems };
  const isIncluded = (room: string, channel: string): boolean =>
    room === '' || include.length === 0 || include.some((fits) => fits(room, channel));
  // Its tables take a while to make: at once where messages will need them, and not at all where nobody does.
  let inspector = settings.enabled ? inspectorFor(paths) : undefined;
  return {
    ok: true,
    policy: {
      settings,
      actions: actionsOf(settings),
      paths,
      patterns,
      get inspector() {
        return (inspector ??= inspectorFor(paths));
      },
      isInScope: (room, channel) => isIncluded(room, channel) && !exclude.some((fits) => fits(room, channel)),
      mayObserve: (room, channel) => !hidden.some((fits) => fits(room, channel)),
      views,
    },
  };
}

function makeViews(settings: CasilSettings): readonly PolicyView[] | string {
  const entries = parseViews(settings);
  if (typeof entries === 'string') return entries;
  return entries.flatMap(({ text, readers, settings: seen }) => {
    const made = createCasilPolicy(seen);
    // What is wrong with it is wrong with the whole, and told there.
    return made.ok ? [{ text, readers, policy: made.policy }] : [];
  });
}

const MAX_GLOBS = 256;

function compileGlobs(globs: readonly string[]): readonly TargetPredicate[] | string {
  if (globs.length > MAX_GLOBS) return `may hold ${MAX_GLOBS} entries at most`;
  const compiled: TargetPredicate[] = [];
  for (const [index, glob] of globs.entries()) {
    const fits = compilePattern(glob);
    if (fits === undefined)
      return `has a malformed pattern as item ${index + 1}; write room:channel, with * for anything`;
    compiled.push(fits);
  }
  return compiled;
}

/**
 * Escapes that may hide a letter: JSON with one of them is looked at closely, each text written plainly (C-12). The
 * others stand for white space and signs that no literal holds, apart from the quote of a name inside of a text.
 */
const escapes: readonly Literal[] = ['\\u', '\\/', '\\b', '\\f', '\\":', '\\" :'].map((text) => ({
  text,
  placement: 'anywhere',
}));

/** Tables of automata are a few hundred kilobytes: policies that look for the same names share one. */
const inspectors = new Map<string, TextInspector>();
const MAX_INSPECTORS = 64;

function inspectorFor({ names }: RedactionPaths): TextInspector {
  const key = JSON.stringify([...names].toSorted());
  const known = inspectors.get(key);
  if (known !== undefined) return known;
  if (inspectors.size >= MAX_INSPECTORS) inspectors.clear();
  const asKeys: readonly Literal[] = [...names].map((name) => ({ text: `${name}"`, placement: 'anywhere' }));
  const made = createTextInspector([...escapes, ...asKeys, ...suspiciousLiterals]);
  inspectors.set(key, made);
  return made;
}
