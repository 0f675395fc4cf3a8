import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';

/** How to knock at a server. */
export interface UpgradeProbe {
  readonly url: string;
  readonly token: string;
  /** The origin that a browser's page would send; empty = none. */
  readonly origin: string;
  readonly timeoutMs: number;
  /** How long to knock again while nobody can be reached; 0 = once. */
  readonly waitMs: number;
}

/** What became of an upgrade. */
export type UpgradeOutcome =
  | { readonly kind: 'open' }
  | { readonly kind: 'refused'; readonly status: number; readonly code: string; readonly text: string }
  | { readonly kind: 'unreachable'; readonly code: string; readonly text: string };

const AGAIN_MS = 500;
const MAX_BODY_BYTES = 4_096;

/** What `ws` says where an address takes the connection and never answers; it has no code for it. */
const SILENCE = 'Opening handshake has timed out';

/** Opens a WebSocket and closes it again: unlike the WebSocket of a browser it learns why it was refused. */
export async function probeUpgrade(probe: UpgradeProbe): Promise<UpgradeOutcome> {
  for (const untilMs = Date.now() + probe.waitMs; ; await wait(AGAIN_MS)) {
    const outcome = await knock(probe);
    if (outcome.kind !== 'unreachable' || Date.now() + AGAIN_MS > untilMs) return outcome;
  }
}

function knock({ url, token, origin, timeoutMs }: UpgradeProbe): Promise<UpgradeOutcome> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, 'arqon.v1.json', {
      headers: { authorization: `Bearer ${token}` },
      handshakeTimeout: timeoutMs,
      ...(origin === '' ? {} : { origin }),
    });
    socket.once('open', () => {
      socket.close();
      resolve({ kind: 'open' });
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const code = error.message === SILENCE ? 'ETIMEDOUT' : (error.code ?? '');
      resolve({ kind: 'unreachable', code, text: error.message });
    });
    socket.once('unexpected-response', (request, response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        if (body.length < MAX_BODY_BYTES) body += text;
      });
      response.once('end', () => {
        request.destroy();
        resolve({ kind: 'refused', status: response.statusCode ?? 0, ...readRefusal(body) });
      });
    });
  });
}

/** A proxy on the way answers with a page of its own. */
function readRefusal(body: string): { readonly code: string; readonly text: string } {
  try {
    const { error, error_code: code } = JSON.parse(body) as { readonly error?: unknown; readonly error_code?: unknown };
    return { code: typeof code === 'string' ? code : '', text: typeof error === 'string' ? error : '' };
  } catch {
    return { code: '', text: '' };
  }
}
