import { describe, expect, it } from 'vitest';
import { postgresServers } from './postgres-servers.ts';

describe('the servers of an address of Postgres', () => {
  it.each([
    ['postgres://a/bus', ['postgres://a/bus']],
    [
      'postgres://arqon%40,brain@a:5432,[::1]:5433,c/bus?sslmode=verify-full',
      [
        'postgres://arqon%40,brain@a:5432/bus?sslmode=verify-full',
        'postgres://arqon%40,brain@[::1]:5433/bus?sslmode=verify-full',
        'postgres://arqon%40,brain@c/bus?sslmode=verify-full',
      ],
    ],
    ['postgres:///bus?host=/run/postgresql', ['postgres:///bus?host=/run/postgresql']],
    ['no address', ['no address']],
  ])('[CFG-2] %s', (address, servers) => {
    expect(postgresServers(address)).toEqual(servers);
  });
});
