import { afterEach, beforeEach } from 'vitest';
import type { Bus } from './bus.ts';
import type { JsonClient } from './json-client.ts';

/** A tenant for each test of a file, so that they can share a bus, and the clients that the test has connected. */
export interface FreshTenants {
  /** The tenant of the test that runs. */
  readonly tenant: string;
  /** Connects a client of that tenant, `alice` unless the order says otherwise; it is ended after the test. */
  enter(order?: Parameters<Bus['connect']>[0]): Promise<JsonClient>;
}

/** Tenants of the bus that `busOf` gives when it is asked. */
export function freshTenants(busOf: () => Bus): FreshTenants {
  const clients: JsonClient[] = [];
  let tenant = '';
  let tenants = 0;
  beforeEach(() => {
    tenant = `tenant-${++tenants}`;
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.end();
  });
  return {
    get tenant() {
      return tenant;
    },
    enter: async (order = {}) => {
      const client = await busOf().connect({ tenant, user: 'alice', ...order });
      clients.push(client);
      return client;
    },
  };
}
