/** `maxFrameBytes` → `max_frame_bytes`. */
export type SnakeCase<S extends string> = S extends `${infer Head}${infer Tail}`
  ? Head extends Lowercase<Head>
    ? `${Head}${SnakeCase<Tail>}`
    : `_${Lowercase<Head>}${SnakeCase<Tail>}`
  : S;

/** `max_frame_bytes` → `maxFrameBytes`. */
export type CamelCase<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

/** What {@link SnakeCase} does to types, done to a text. */
export function toSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** What {@link CamelCase} does to types, done to a text. */
export function toCamelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `server.port` → `ARQONBUS_SERVER_PORT` (CFG-2). */
export function toVariable(key: string): string {
  return `ARQONBUS_${key.replace('.', '_').toUpperCase()}`;
}
