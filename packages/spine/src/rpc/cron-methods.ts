import * as wire from '@arqonbus/protocol/spine-messages';
import type { Method } from './method.ts';

/** What the Brain is asked about schedules (CRN-1); any replica answers. */
export interface CronMethods {
  readonly 'cron.schedule': Method<wire.ScheduleCronRequest, wire.ScheduleCronResult>;
  readonly 'cron.list': Method<wire.ListCronRequest, wire.ListCronResult>;
  readonly 'cron.get': Method<wire.GetCronRequest, wire.GetCronResult>;
  readonly 'cron.change': Method<wire.ChangeCronRequest, wire.ChangeCronResult>;
  readonly 'cron.runs': Method<wire.ListCronRunsRequest, wire.ListCronRunsResult>;
}

/** Their messages. */
export const cronMethods: CronMethods = {
  'cron.schedule': { request: wire.ScheduleCronRequestSchema, result: wire.ScheduleCronResultSchema },
  'cron.list': { request: wire.ListCronRequestSchema, result: wire.ListCronResultSchema },
  'cron.get': { request: wire.GetCronRequestSchema, result: wire.GetCronResultSchema },
  'cron.change': { request: wire.ChangeCronRequestSchema, result: wire.ChangeCronResultSchema },
  'cron.runs': { request: wire.ListCronRunsRequestSchema, result: wire.ListCronRunsResultSchema },
};
