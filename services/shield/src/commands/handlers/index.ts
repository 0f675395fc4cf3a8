import type { CommandArgs, CommandName, CommandResult } from '@arqonbus/protocol';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { disconnectSession, liftBan, listBans } from './admin.ts';
import { listAudit, verifyAudit } from './audit.ts';
import { getCasil, reloadCasil, resetCasil, testCasil } from './casil.ts';
import { channelInfo } from './channel-info.ts';
import { createChannel, deleteChannel, listChannels, listRooms } from './channels.ts';
import {
  backfillEpisodes,
  episodeStatus,
  getEpisode,
  listDeadEpisodes,
  listEpisodes,
  projectEvent,
  replayDeadEpisodes,
} from './continuum.ts';
import { cancelCron, getCron, listCron, listCronRuns, pauseCron, resumeCron, scheduleCron } from './cron.ts';
import { eraseHistory } from './erase-history.ts';
import { deleteGrant, listGrants, putGrant } from './grants.ts';
import { history } from './history.ts';
import { joinChannel } from './join-channel.ts';
import { createKey, listKeys, revokeKey, rotateKey } from './keys.ts';
import { deleteMirror, listMirrors, putMirror } from './mirrors.ts';
import { bindPolicy, deletePolicy, dryRunPolicy, putPolicy, unbindPolicy } from './policy.ts';
import { listPolicies, testPolicy } from './policy-queries.ts';
import {
  clearOmegaEvents,
  emitOmegaEvent,
  listOmegaEvents,
  listSubstrates,
  omegaStatus,
  registerSubstrate,
  unregisterSubstrate,
} from './omega.ts';
import { findOperators, joinOperator, leaveOperator, listOperators } from './operators.ts';
import { presence, setStatus } from './presence.ts';
import { leaveChannel } from './leave-channel.ts';
import { cancelReplay, replayHistory } from './replay.ts';
import { createRoom, deleteRoom, roomSettings } from './rooms.ts';
import { resume } from './resume.ts';
import {
  bindSchema,
  checkSchema,
  deleteSchema,
  getSchema,
  listSchemas,
  registerSchema,
  unbindSchema,
} from './schemas.ts';
import {
  getWebhook,
  listDeadLetters,
  listDeliveries,
  listWebhooks,
  registerWebhook,
  replayDeadLetters,
  replayDelivery,
  rotateWebhookSecret,
  unregisterWebhook,
  updateWebhook,
} from './webhooks.ts';
import { help, ping, refresh, status } from './session.ts';
import {
  ackTask,
  cancelTask,
  failTask,
  getTask,
  listDeadTasks,
  listTasks,
  progressTask,
  replayDeadTask,
  resultOfTask,
  submitTask,
} from './tasks.ts';
import { deleteEntry, getEntry, incrementEntry, listEntries, setEntry, unwatchEntries, watchEntries } from './store.ts';

/** Carries out one command; throws a `BusError` to refuse it. */
export type CommandHandler<N extends CommandName> = (
  call: CommandCall,
  args: CommandArgs<N>,
  parts: CommandParts,
) => Promise<CommandOutcome<CommandResult<N>>> | CommandOutcome<CommandResult<N>>;

/** The handler of every command of the registry: one that is missing does not compile (PRT-21). */
export const commandHandlers: { readonly [N in CommandName]: CommandHandler<N> } = {
  ping,
  status,
  help,
  refresh,
  resume,
  join_channel: joinChannel,
  leave_channel: leaveChannel,
  create_channel: createChannel,
  delete_channel: deleteChannel,
  'op.room.create': createRoom,
  'op.room.settings': roomSettings,
  'op.room.delete': deleteRoom,
  list_channels: listChannels,
  list_rooms: listRooms,
  channel_info: channelInfo,
  presence,
  set_status: setStatus,
  history,
  'op.history.get': history,
  'op.history.replay': replayHistory,
  'op.history.replay.cancel': cancelReplay,
  'op.history.erase': eraseHistory,
  'op.session.disconnect': disconnectSession,
  'op.ban.list': listBans,
  'op.ban.lift': liftBan,
  'op.casil.get': getCasil,
  'op.casil.reload': reloadCasil,
  'op.casil.reset': resetCasil,
  'op.casil.test': testCasil,
  'op.key.create': createKey,
  'op.key.list': listKeys,
  'op.key.rotate': rotateKey,
  'op.key.revoke': revokeKey,
  'op.mirror.put': putMirror,
  'op.mirror.list': listMirrors,
  'op.mirror.delete': deleteMirror,
  'op.schema.register': registerSchema,
  'op.schema.get': getSchema,
  'op.schema.list': listSchemas,
  'op.schema.bind': bindSchema,
  'op.schema.unbind': unbindSchema,
  'op.schema.delete': deleteSchema,
  'op.schema.check': checkSchema,
  'op.policy.put': putPolicy,
  'op.policy.bind': bindPolicy,
  'op.policy.unbind': unbindPolicy,
  'op.policy.list': listPolicies,
  'op.policy.delete': deletePolicy,
  'op.policy.test': testPolicy,
  'op.policy.dry_run': dryRunPolicy,
  'op.store.set': setEntry,
  'op.store.get': getEntry,
  'op.store.list': listEntries,
  'op.store.delete': deleteEntry,
  'op.store.increment': incrementEntry,
  'op.store.watch': watchEntries,
  'op.store.unwatch': unwatchEntries,
  'op.omega.status': omegaStatus,
  'op.omega.register_substrate': registerSubstrate,
  'op.omega.list_substrates': listSubstrates,
  'op.omega.unregister_substrate': unregisterSubstrate,
  'op.omega.emit_event': emitOmegaEvent,
  'op.omega.list_events': listOmegaEvents,
  'op.omega.clear_events': clearOmegaEvents,
  'op.audit.list': listAudit,
  'op.audit.verify': verifyAudit,
  'op.continuum.projector.status': episodeStatus,
  'op.continuum.projector.get': getEpisode,
  'op.continuum.projector.list': listEpisodes,
  'op.continuum.projector.project_event': projectEvent,
  'op.continuum.projector.dlq.list': listDeadEpisodes,
  'op.continuum.projector.dlq.replay': replayDeadEpisodes,
  'op.continuum.projector.backfill': backfillEpisodes,
  'op.cron.schedule': scheduleCron,
  'op.cron.list': listCron,
  'op.cron.get': getCron,
  'op.cron.cancel': cancelCron,
  'op.cron.pause': pauseCron,
  'op.cron.resume': resumeCron,
  'op.cron.runs': listCronRuns,
  'op.grant.put': putGrant,
  'op.grant.list': listGrants,
  'op.grant.delete': deleteGrant,
  'operator.join': joinOperator,
  'operator.leave': leaveOperator,
  'operator.list': listOperators,
  'operator.find': findOperators,
  'task.submit': submitTask,
  'task.ack': ackTask,
  'task.progress': progressTask,
  'task.result': resultOfTask,
  'task.fail': failTask,
  'task.cancel': cancelTask,
  'task.get': getTask,
  'op.task.list': listTasks,
  'op.task.dlq.list': listDeadTasks,
  'op.task.dlq.replay': replayDeadTask,
  'op.webhook.register': registerWebhook,
  'op.webhook.list': listWebhooks,
  'op.webhook.get': getWebhook,
  'op.webhook.update': updateWebhook,
  'op.webhook.unregister': unregisterWebhook,
  'op.webhook.rotate_secret': rotateWebhookSecret,
  'op.webhook.deliveries': listDeliveries,
  'op.webhook.replay': replayDelivery,
  'op.webhook.dlq.list': listDeadLetters,
  'op.webhook.dlq.replay': replayDeadLetters,
};
