import type { SpineSubscription, Subject } from '@arqonbus/spine';

/** Interests on the Spine that several need at one time. */
export interface Interests {
  /** Opens it for the first who needs it. */
  take(subject: Subject, open: (subject: Subject) => SpineSubscription): void;
  /** Ends it with the last. */
  give(subject: Subject): void;
  stop(): void;
}

/** One subscription a subject, for as long as somebody needs it. */
export function createInterests(): Interests {
  const interests = new Map<Subject, { readonly subscription: SpineSubscription; users: number }>();
  return {
    take: (subject, open) => {
      const known = interests.get(subject);
      if (known === undefined) interests.set(subject, { subscription: open(subject), users: 1 });
      else known.users += 1;
    },
    give: (subject) => {
      const known = interests.get(subject);
      if (known === undefined) return;
      known.users -= 1;
      if (known.users > 0) return;
      known.subscription.unsubscribe();
      interests.delete(subject);
    },
    stop: () => {
      for (const { subscription } of interests.values()) subscription.unsubscribe();
      interests.clear();
    },
  };
}
