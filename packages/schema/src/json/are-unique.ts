import type { WorkBudget } from './work-budget.ts';

/** True where no two items are the same JSON value. Takes time linear in their size, unlike comparing each with each. */
export function areUnique(items: readonly unknown[], budget: WorkBudget): boolean {
  const seen = new Set<string>();
  for (const item of items) {
    const text = canonicalText(item);
    budget.spend(1 + (text.length >>> 2));
    if (seen.has(text)) return false;
    seen.add(text);
  }
  return true;
}

function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
