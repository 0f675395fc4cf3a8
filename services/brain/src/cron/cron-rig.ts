import { IdentitySchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import type { StoredCronJob } from '@arqonbus/storage';

/** A job for tests: of `ann`, every hour. */
export function createCronJob(more: Partial<StoredCronJob> = {}): StoredCronJob {
  return {
    jobId: 'c_test',
    owner: 'ann',
    principal: toBinary(IdentitySchema, create(IdentitySchema, { tenantId: 'acme', user: 'ann', role: 'user' })),
    name: '',
    room: 'science',
    channel: 'general',
    payload: new TextEncoder().encode('{"n":1}'),
    expression: '',
    timezone: '',
    startAtMs: 0,
    everyMs: 3_600_000,
    repeatCount: 0,
    misfire: 'once',
    status: 'active',
    iteration: 0,
    nextAtMs: 0,
    createdAtMs: 0,
    ...more,
  };
}
