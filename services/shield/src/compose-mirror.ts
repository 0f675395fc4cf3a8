import { createMirror } from './mirror/mirror.ts';
import type { Mirror } from './mirror/mirror.ts';
import { watchMirrorRules } from './mirror/mirror-rules.ts';
import type { ShieldOptions } from './shield-options.ts';

/** What copies traffic, and what ends it. */
export interface MirrorParts {
  readonly mirror: Mirror;
  readonly stop: () => void;
}

/** Composes mirroring: the rules in force, and who copies. */
export function composeMirror({ spine, keyValue, metrics, logger }: ShieldOptions): MirrorParts {
  const malformed = metrics.counter('arqonbus_mirror_rules_refused_total', 'Rules of mirroring that cannot be read.');
  const rules = watchMirrorRules(keyValue.bucket('ARQON_MIRRORS'), (tenant) => {
    malformed.inc();
    logger.error({ event: 'mirror_rule_refused', tenant }, 'a rule of mirroring cannot be read');
  });
  metrics.gauge('arqonbus_mirror_rules', 'Rules of mirroring, of all tenants.', () => rules.count());
  const copies = metrics.counter('arqonbus_mirror_copies_total', 'Copies of publications that were sent.');
  const drops = metrics.labelledCounter(
    'arqonbus_mirror_dropped_total',
    'Copies of publications that were not sent, by reason.',
    'reason',
    { values: ['slow', 'refused'] },
  );
  const counters = { copied: () => copies.inc(), dropped: (reason: string) => drops.inc(reason) };
  return { mirror: createMirror({ spine, rules, counters }), stop: () => rules.stop() };
}
