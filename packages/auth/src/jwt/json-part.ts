import { hasUniqueKeys } from './unique-keys.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The JSON object in one base64url part of a token, or undefined when it is none or names a key twice. */
export function parseJsonPart(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const text = decoder.decode(Buffer.from(part, 'base64url'));
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return hasUniqueKeys(text) ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    // Bad UTF-8 or bad JSON: the caller refuses the token, which is all there is to do.
    return undefined;
  }
}
