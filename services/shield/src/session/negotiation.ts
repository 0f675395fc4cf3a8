import type { WireFormat } from '@arqonbus/pipeline';
import type { UpgradeRequest } from '../listener/listener.ts';

/** What the headers and the query of an upgrade ask for (PRT-1, PRT-2). */
export type Negotiation =
  | {
      readonly ok: true;
      readonly format: WireFormat;
      /** Subprotocol to echo; empty = none was offered. */
      readonly protocol: string;
      readonly token: string;
      /** The client is a browser, to judge by where its token is: it cannot see an HTTP refusal. */
      readonly isTokenInSubprotocol: boolean;
    }
  | { readonly ok: false; readonly problem: string };

const FORMATS: ReadonlyMap<string, WireFormat> = new Map([
  ['arqon.v1.json', 'json'],
  ['arqon.v1.proto', 'proto'],
]);

const BEARER_PROTOCOL = 'bearer.';
const BEARER_HEADER = /^bearer +/i;

/** Picks the wire format and finds the token. A token in the query counts only where that is switched on. */
export function negotiate(request: UpgradeRequest, options: { readonly queryToken: boolean }): Negotiation {
  const protocol = request.protocols.find((offered) => FORMATS.has(offered)) ?? '';
  const bearer = request.protocols.find((offered) => offered.startsWith(BEARER_PROTOCOL));
  if (protocol === '' && bearer !== undefined) {
    return { ok: false, problem: 'a bearer subprotocol needs arqon.v1.json or arqon.v1.proto beside it' };
  }
  if (protocol === '' && request.protocols.length > 0)
    return { ok: false, problem: 'none of the subprotocols is known' };
  return {
    ok: true,
    format: FORMATS.get(protocol) ?? 'json',
    protocol,
    token: bearer === undefined ? findToken(request, options.queryToken) : bearer.slice(BEARER_PROTOCOL.length),
    isTokenInSubprotocol: bearer !== undefined,
  };
}

function findToken(request: UpgradeRequest, isQueryAllowed: boolean): string {
  if (BEARER_HEADER.test(request.authorization)) return request.authorization.replace(BEARER_HEADER, '').trim();
  if (!isQueryAllowed) return '';
  return new URLSearchParams(request.query).get('token') ?? '';
}
