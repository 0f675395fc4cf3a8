import type { Cluster } from '@arqonbus/testkit';

/** What the admin ports of all services show without a token: metrics, health and version. */
export async function adminPages({ shields, brains, bridges }: Cluster): Promise<string> {
  const urls = [...shields, ...brains, ...bridges].map((service) => service.addresses()['http_url'] ?? '');
  const pages = urls.flatMap((url) => ['/metrics', '/health/ready', '/version'].map((path) => url + path));
  return (await Promise.all(pages.map(async (page) => (await fetch(page)).text()))).join('');
}
