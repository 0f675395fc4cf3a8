import type { Route, RouteMatch } from './route.ts';

/** The route of a request; `none` = there is no such path, `method` = there is, for other methods. */
export type FoundRoute =
  | { readonly kind: 'found'; readonly match: RouteMatch }
  | { readonly kind: 'method'; readonly allowed: readonly string[] }
  | { readonly kind: 'none' };

/** Compares a path part by part. A part is decoded after it was split: an encoded `/` is no border. */
export function findRoute(routes: readonly Route[], method: string, url: string): FoundRoute {
  const [path = '', search = ''] = splitOnce(url, '?');
  const parts = path.split('/');
  const allowed: string[] = [];
  for (const route of routes) {
    const params = matchParts(route.path.split('/'), parts);
    if (params === undefined) continue;
    if (route.method === method) {
      return { kind: 'found', match: { route, params, query: new URLSearchParams(search) } };
    }
    allowed.push(route.method);
  }
  return allowed.length > 0 ? { kind: 'method', allowed } : { kind: 'none' };
}

function splitOnce(text: string, border: string): readonly string[] {
  const at = text.indexOf(border);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function matchParts(pattern: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, wanted] of pattern.entries()) {
    const part = decodePart(parts[index] ?? '');
    if (part === undefined) return undefined;
    if (wanted.startsWith('{') && part !== '') params[wanted.slice(1, -1)] = part;
    else if (wanted !== part) return undefined;
  }
  return params;
}

function decodePart(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
