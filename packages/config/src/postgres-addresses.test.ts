import { describe, expect, it } from 'vitest';
import { parseConfig } from './parse-config.ts';
import { needsDurableStorage } from './postgres-addresses.ts';
import { preflight } from './preflight.ts';
import type { Problem } from './problem.ts';

const sound = { ARQONBUS_AUTH_JWT_SECRET: 'kq3V0cYw8mZr5uT1xB7nE2sL9dF4gH6j', ARQONBUS_STORAGE_BACKEND: 'postgres' };

function problems(env: Readonly<Record<string, string>>): readonly Problem[] {
  const result = parseConfig({ env: { ...sound, ...env } });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return [...preflight(result.config, 'production'), ...needsDurableStorage(result.config)];
}

describe('addresses of Postgres', () => {
  it.each([
    'postgres://arqon_brain:s3cret@127.0.0.1:5432/arqonbus',
    'postgresql://arqon_brain@[::1]/arqonbus',
    'postgres://arqon_brain@localhost/arqonbus?host=/var/run/postgresql',
    'postgres://arqon_brain:s3cret@db.example.com/arqonbus?sslmode=verify-full&sslrootcert=/etc/ca.pem',
    'postgres://arqon_brain@a.example.com:5432,b.example.com:5433/arqonbus?sslmode=verify-full',
    'postgres://arqon_brain@127.0.0.1:5432,[::1]:5433/arqonbus?target_session_attrs=read-write',
  ])('[CFG-4] may be %s', (url) => {
    expect(problems({ ARQONBUS_POSTGRES_URL: url })).toEqual([]);
  });

  it.each([
    ['', 'is missing'],
    ['mysql://arqon_brain:s3cret@127.0.0.1/arqonbus', 'address of a Postgres database'],
    ['postgres://arqon_brain:s3cret@127.0.0.1', 'address of a Postgres database'],
    ['s3cret', 'address of a Postgres database'],
    ['postgres://arqon_brain:s3cret@db.example.com/arqonbus', 'without checked TLS'],
    ['postgres://arqon_brain:s3cret@db.example.com/arqonbus?sslmode=require', 'without checked TLS'],
    ['postgres://arqon_brain:s3cret@127.0.0.1/arqonbus?host=db.example.com', 'without checked TLS'],
    ['postgres://arqon_brain@127.0.0.1,db.example.com/arqonbus', 'without checked TLS'],
    ['postgres://arqon_brain@127.0.0.1:5432,[::1]:port/arqonbus', 'address of a Postgres database'],
    ['postgres://arqon_brain@127.0.0.1/arqonbus?host=/tmp,/run', 'several servers behind ?host='],
    ['postgres://arqon_brain@127.0.0.1/arqonbus?target_session_attrs=any', 'take no writes'],
  ])('[CFG-4] may not be %j, and are not told', (url, words) => {
    const found = problems({ ARQONBUS_POSTGRES_URL: url });
    expect(found).toEqual([expect.objectContaining({ key: 'postgres.url', problem: expect.stringContaining(words) })]);
    expect(JSON.stringify(found)).not.toContain('s3cret');
  });

  it('[BRN-2] may not be those of the owner', () => {
    const url = 'postgres://arqon_owner@127.0.0.1/arqonbus';
    const found = problems({ ARQONBUS_POSTGRES_URL: url, ARQONBUS_POSTGRES_OWNER_URL: url });
    expect(found.map(({ key }) => key)).toEqual(['postgres.url']);
  });

  it('[CFG-4] are demanded outside development: memory is refused', () => {
    expect(problems({ ARQONBUS_STORAGE_BACKEND: 'memory' }).map(({ key }) => key)).toEqual(['storage.backend']);
  });
});
