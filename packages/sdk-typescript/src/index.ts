export { BusError, compareClocks, mergeClocks, parseVectorClock } from '@arqonbus/protocol';
export type {
  ClockOrder,
  CommandArgs,
  CommandName,
  CommandResult,
  ErrorCode,
  Target,
  VectorClock,
} from '@arqonbus/protocol';
export * from './arqon-client.ts';
export { createClient } from './client.ts';
export type { ClientOptions } from './client-options.ts';
export type { Clock, Timer } from './clock.ts';
export type { ConnectionState, WaitingState } from './connection-state.ts';
export type { Discontinuity } from './discontinuity.ts';
export type { HistoryOptions, HistoryTarget } from './history.ts';
export { parsePublications } from './join-result.ts';
export { TaskFailure } from './operator.ts';
export type { Operator, OperatorOptions, TaskContext, TaskHandler } from './operator.ts';
export type { PageEvents, PageListener } from './page-events.ts';
export type { PresenceChange } from './presence.ts';
export type { Position } from './positions.ts';
export type { Publication } from './publication.ts';
export type { PublishOptions, PublishResult } from './publish-options.ts';
export type { Replay, ReplayOptions, ReplayResult } from './replay.ts';
export type { Joined, JoinOptions, Member, Rejoined, Subscription, SubscriptionEvents } from './subscription.ts';
export type { GetState, StateRequest } from './state-loading.ts';
export type { ClientStore, StoreSetOptions, StoredKey, StoredValue } from './store.ts';
export type { StoreChange, StoreWatch, StoreWatchOptions, WatchedKeys } from './store-watches.ts';
export type { SubmittedTask, TaskRequest, TaskResult } from './submitted-task.ts';
export type { TaskFrame, TaskFrameState } from './task-frame.ts';
export type { TargetName } from './target-name.ts';
export type { WebSocketConstructor, WebSocketLike } from './web-socket-port.ts';
export type { Welcome, WelcomeLimits } from './welcome.ts';
