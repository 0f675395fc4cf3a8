/** The roles of the rights table, weakest first (PRM-1). */
export const ROLES = ['guest', 'user', 'moderator', 'admin'] as const;

/** A session's role; `user` where the token names none. */
export type Role = (typeof ROLES)[number];
