import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { JWTPayload, ProtectedHeaderParameters } from 'jose';

/** What may be wrong with a token that a server has refused, and what to do about it. */
export interface TokenComplaint {
  readonly text: string;
  readonly fix: string;
}

const REQUIRED = ['sub', 'tenant_id', 'exp'] as const;
const MAX_SKEW_S = 30;

/** Why a server may have refused this token, as far as the token itself tells: it is read and not verified (AUT-1, AUT-2). */
export function explainToken(token: string, nowMs: number): TokenComplaint {
  const parts = readToken(token);
  if (parts === undefined) {
    return { text: 'the token is no JWT', fix: 'a token has three parts with dots between them; was it cut?' };
  }
  const { claims, header } = parts;
  const missing = REQUIRED.filter((name) => claims[name] === undefined);
  if (missing.length > 0) {
    return { text: `the token lacks ${missing.join(', ')}`, fix: 'these claims are required of every token' };
  }
  const nowS = nowMs / 1_000;
  if ((claims.exp ?? 0) + MAX_SKEW_S < nowS) {
    const fix = 'get a new one; give the SDK a function in place of a text, and it renews tokens by itself';
    return { text: `the token expired on ${timeText(claims.exp)}`, fix };
  }
  if ((claims.nbf ?? 0) - MAX_SKEW_S > nowS) {
    const fix = 'compare the clocks of the issuer, of this machine and of the server';
    return { text: `the token is not valid before ${timeText(claims.nbf)}`, fix };
  }
  const kid = header.kid === undefined ? 'no kid' : `kid ${header.kid}`;
  const origin = `alg ${header.alg ?? 'none'}, ${kid}, iss ${claims.iss ?? 'none'}, aud ${String(claims.aud ?? 'none')}`;
  const fix = `its key, algorithm, issuer or audience is not what the server wants: it has ${origin}`;
  return { text: 'the token is whole and in time, but the server does not accept it', fix };
}

function readToken(token: string): { claims: JWTPayload; header: ProtectedHeaderParameters } | undefined {
  try {
    return { claims: decodeJwt(token), header: decodeProtectedHeader(token) };
  } catch {
    return undefined;
  }
}

function timeText(seconds: number | undefined): string {
  const time = new Date((seconds ?? 0) * 1_000);
  return Number.isNaN(time.getTime()) ? `second ${seconds}` : time.toISOString();
}
