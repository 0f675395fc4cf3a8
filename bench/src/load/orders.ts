/** How a server is spoken to. */
export type DialectName = 'arqon-json' | 'arqon-proto' | 'plain' | 'socket-io';

/** Connections to be opened together, under one name. */
export interface OpenOrder {
  readonly group: string;
  readonly dialect: DialectName;
  readonly port: number;
  readonly count: number;
  /** One for each connection; empty where the server asks for none. */
  readonly tokens: readonly string[];
  /** What each connection joins; used in turn. Empty = nothing. */
  readonly joins: readonly (readonly string[])[];
  /** Where a yardstick sends what a connection publishes; used in turn. Empty = nowhere. */
  readonly publishes: readonly string[];
  readonly maxInFlight: number;
}

/** How the opening went. */
export interface OpenReport {
  /** Until all had been opened, those not counted that had to be opened again. */
  readonly ms: number;
  /** Connections that the server refused, or cut without a reason at most a moment after they opened. */
  readonly cut: number;
  /** Time from the first byte of each connection to its last answer, in ms. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** A steady publication. */
export interface PublishOrder {
  /** Groups whose connections take turns: the first of each, the second of each, … */
  readonly publishers: readonly string[];
  readonly receivers: string;
  /** Payloads as base64, one for each publisher in turn; see `stamp.ts` for what is rewritten in them. */
  readonly payloads: readonly string[];
  readonly isBinary: boolean;
  readonly turns: number;
  readonly turnEveryMs: number;
  /** Publishers that send in one turn, in rotation. */
  readonly publishersPerTurn: number;
  /** Messages of one publisher in one turn: they leave in one write. */
  readonly messagesPerTurn: number;
  /** True: late turns are made up for at once, which keeps the rate. False: never two turns together, which keeps the batching. */
  readonly keepsRate: boolean;
  readonly deliveriesPerMessage: number;
  readonly measuresLatency: boolean;
}

/** What the load generator saw. */
export interface PublishReport {
  readonly sent: number;
  readonly delivered: number;
  /** Bytes of the delivered frames, headers included. */
  readonly deliveredBytes: number;
  readonly ms: number;
  /** Part of the time in which the load generator had nothing to do, 0 to 1. */
  readonly idleShare: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

/** Messages with `ack: true` on one connection, so many of them unanswered at any time. */
export interface AckOrder {
  /** Of one connection. */
  readonly group: string;
  readonly dialect: DialectName;
  /** One message as base64; its id is rewritten in each. */
  readonly payload: string;
  readonly isBinary: boolean;
  readonly inFlight: number;
  /** Rest between an answer and the next message. Default: none. */
  readonly restMs?: number;
  readonly ms: number;
}

/** How the answers came: the time is from the write of a message to the arrival of its answer. */
export interface AckReport {
  readonly acked: number;
  readonly ms: number;
  /** Part of the time in which the load generator had nothing to do, 0 to 1. */
  readonly idleShare: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

/** Handshakes with one token that is no good, at a pace. */
export interface FloodOrder {
  readonly port: number;
  readonly token: string;
  readonly perSecond: number;
  readonly ms: number;
}

/** How they were answered. */
export interface FloodReport {
  readonly tried: number;
  /** Answers by HTTP status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly ms: number;
}

/** JSON messages over and over, on a connection for each token, at a pace for all of them together. */
export interface SpamOrder {
  readonly port: number;
  readonly tokens: readonly string[];
  /** Messages as base64; each connection sends them in turn. */
  readonly payloads: readonly string[];
  readonly perSecond: number;
  readonly ms: number;
}

/** How the server took it. */
export interface SpamReport {
  /** Messages that fell due; those of a connection that was just cut off went nowhere. */
  readonly sent: number;
  /** Answered as beyond a limit. */
  readonly refused: number;
  /** Connections that the server ended. */
  readonly cut: number;
  readonly ms: number;
}

/** The same frames on every connection of a group. */
export interface AskOrder {
  readonly group: string;
  /** Whole frames as base64; they leave in one write. */
  readonly frames: readonly string[];
  /** Data frames that come to each connection then, each of them in one piece. */
  readonly expected: number;
  /** A text that the first of them must hold. */
  readonly mustHold: string;
  /** Connections that wait at the same time. Default: all of them. */
  readonly maxInFlight?: number;
}

/** How they were answered: the time is from the write of each connection to its last frame. */
export interface AskReport {
  readonly ms: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The first frame that came to anybody. */
  readonly firstAnswer: string;
}
