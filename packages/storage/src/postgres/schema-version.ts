/** The newest migration in `migrations/`, which the tables must have for this program. */
export const SCHEMA_VERSION = 10;
