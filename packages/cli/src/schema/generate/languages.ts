/** What types can be generated for. */
export const LANGUAGES = ['typescript', 'python', 'go'] as const;

/** A language that types are generated for. */
export type Language = (typeof LANGUAGES)[number];
