import { isIP } from 'node:net';
import type { AddressRules } from './address-rules.ts';

/** Where webhooks may go (WHK-4). */
export interface TargetRules {
  readonly allowHttp: boolean;
  /** `*` = any. */
  readonly ports: readonly string[];
  readonly addresses: AddressRules;
}

/** An address that may be tried, or what is wrong with it. Its name is looked up only when it is tried. */
export type TargetParsing = { readonly ok: true; readonly url: URL } | { readonly ok: false; readonly problem: string };

const MAX_URL_LENGTH = 2_048;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * Reads an address once, by the rules of browsers: what it is sent to is what was checked. Hosts in decimal, octal and
 * hexadecimal forms are addresses by then.
 */
export function parseTarget(text: string, { allowHttp, ports, addresses }: TargetRules): TargetParsing {
  if (text.length > MAX_URL_LENGTH) return refuse('is too long');
  if (!URL.canParse(text)) return refuse('is no URL');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return refuse('must begin with https://');
  if (url.protocol === 'http:' && !allowHttp) return refuse('must begin with https://');
  if (url.username !== '' || url.password !== '') return refuse('must not hold a user or password');
  const port = url.port === '' ? (DEFAULT_PORTS[url.protocol] ?? '') : url.port;
  // Whoever allows http:// means its own port too.
  const isOwnPort = allowHttp && url.protocol === 'http:' && port === '80';
  if (!ports.includes('*') && !ports.includes(port) && !isOwnPort) return refuse('has a port that is not allowed');
  const host = hostOf(url);
  if (isIP(host) !== 0 && !addresses.isAllowed(host)) return refuse('names an address that is not public');
  url.hash = '';
  return { ok: true, url };
}

/** The host of an address as one connects to it: an IPv6 address stands in brackets there. */
export function hostOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

function refuse(problem: string): TargetParsing {
  return { ok: false, problem };
}
