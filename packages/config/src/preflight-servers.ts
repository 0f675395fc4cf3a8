import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Config } from './config.ts';
import { isLoopbackHost } from './loopback.ts';
import type { Problem } from './problem.ts';

/** Whether the addresses of NATS and Valkey can be used, and do not give passwords away (CFG-4). Nothing is connected to. */
export function checkServers({ nats, valkey }: Config): readonly Problem[] {
  return [
    ...checkUrls('nats', nats.url, { plain: 'nats:', secure: 'tls:' }),
    ...checkAuthority('nats.ca_file', nats.caFile),
    ...checkUrls('valkey', valkey.url, { plain: 'redis:', secure: 'rediss:' }),
    ...checkValkeyNodes(valkey),
    ...checkAuthority('valkey.ca_file', valkey.caFile),
  ];
}

/** How addresses begin, without TLS and with it. */
interface Schemes {
  readonly plain: string;
  readonly secure: string;
}

/** A password travels in the clear without TLS, so beyond this machine only TLS will do. */
function checkUrls(section: string, texts: readonly string[], { plain, secure }: Schemes): readonly Problem[] {
  const key = `${section}.url`;
  const urls = texts.map((text) => (URL.canParse(text) ? new URL(text) : undefined));
  if (!urls.every((url) => url !== undefined && [plain, secure].includes(url.protocol) && url.hostname !== '')) {
    return [{ key, problem: 'must hold addresses of servers', fix: `write ${secure}//host.example.com:port` }];
  }
  if (urls.some((url) => url?.username !== '' || url.password !== '')) {
    return [{ key, problem: 'must not hold a user or password', fix: `use ${section}.user and ${section}.password` }];
  }
  const isExposed = urls.some((url) => url?.protocol === plain && !isLoopbackHost(url.hostname));
  return isExposed ? [{ key, problem: 'leaves this machine without TLS', fix: `write ${secure}//` }] : [];
}

function checkValkeyNodes({ url, cluster }: Config['valkey']): readonly Problem[] {
  const key = 'valkey.url';
  if (url.length > 1 && !cluster) {
    return [
      { key, problem: 'holds several addresses', fix: 'set valkey.cluster, or name one that leads to the primary' },
    ];
  }
  const schemes = new Set(url.map((text) => text.split(':')[0]));
  return schemes.size > 1 ? [{ key, problem: 'asks for TLS of some nodes and not of others' }] : [];
}

/** Read when the service connects, and then it would be late to say so. */
function checkAuthority(key: string, path: string): readonly Problem[] {
  if (path === '') return [];
  try {
    void new X509Certificate(readFileSync(path));
    return [];
  } catch {
    return [{ key, problem: 'names a file that holds no certificate in PEM, or cannot be read' }];
  }
}
