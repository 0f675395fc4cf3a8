import { createReaderViews } from './views/reader-views.ts';
import type { ReaderViews } from './views/reader-views.ts';
import { createViewSeal } from './views/view-seal.ts';
import type { ViewSeal } from './views/view-seal.ts';
import type { CasilPolicies } from './casil/casil-policies.ts';
import type { ShieldOptions } from './shield-options.ts';

/** What makes views of publications and shows them to their readers. */
export interface ViewParts {
  readonly seal: ViewSeal;
  readonly views: ReaderViews;
}

/** Composes views by the policies in force. */
export function composeViews(
  { metrics, viewKeys }: ShieldOptions,
  { viewsOf }: Pick<CasilPolicies, 'viewsOf'>,
): ViewParts {
  const sealed = metrics.counter('arqonbus_casil_views_total', 'Messages of which some readers see more than others.');
  const lost = metrics.labelledCounter(
    'arqonbus_casil_views_lost_total',
    'Messages that some readers were to see more of and do not: their views were too large, or could not be opened.',
    'reason',
    { values: ['too_large', 'not_opened'] },
  );
  const seal = createViewSeal(viewKeys, {
    sealed: () => sealed.inc(),
    dropped: () => lost.inc('too_large'),
    unopened: () => lost.inc('not_opened'),
  });
  return { seal, views: createReaderViews(viewsOf, seal) };
}
