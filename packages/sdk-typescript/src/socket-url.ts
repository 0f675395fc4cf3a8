import { BusError } from '@arqonbus/protocol';
import type { ClientOptions } from './client-options.ts';

const SCHEMES: Readonly<Record<string, string>> = { 'ws:': 'ws:', 'wss:': 'wss:', 'http:': 'ws:', 'https:': 'wss:' };

/**
 * The address to open, with what describes the client as query parameters (PRT-3). Never holds the token. Throws a
 * BusError when `options.url` is no WebSocket address.
 */
export function socketUrl(options: ClientOptions): string {
  const url = parseUrl(options.url);
  const describing: Readonly<Record<string, string | undefined>> = {
    client_type: options.clientType,
    screen_name: options.screenName,
    avatar: options.avatar,
    personality: options.personality,
  };
  for (const [name, value] of Object.entries(describing)) {
    if (value !== undefined && value !== '') url.searchParams.set(name, value);
  }
  return url.href;
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url === undefined ? undefined : SCHEMES[url.protocol];
  if (url === undefined || scheme === undefined) {
    throw new BusError('VALIDATION_ERROR', 'The url of the bus must begin with ws://, wss://, http:// or https://.');
  }
  url.protocol = scheme;
  url.hash = '';
  return url;
}
