import { expect } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import { MembershipReportSchema, create } from '@arqonbus/protocol/spine-messages';
import type { MembershipReport } from '@arqonbus/protocol/spine-messages';
import type { ChannelAddress } from '@arqonbus/spine';
import { connect, join } from '../testing/brain-fixture.ts';
import { MembershipReports } from './membership-reports.ts';
import { MembershipState, memberIn } from './membership-state.ts';
import type { MembershipListener } from './membership-state.ts';
import type { Report } from './naive-membership.ts';

/** Reports, and what they lead to. */
export interface ReportsFixture {
  readonly state: MembershipState;
  readonly reports: MembershipReports;
  /** `<tenant>/<room>:<channel>` of every channel with members. */
  readonly occupied: ReadonlySet<string>;
  /** What was told of clients that show themselves in another way. */
  readonly updated: readonly string[];
  /** Who came (+) and went (-), in order. */
  readonly changes: string[];
  /** Whose older connection is to end, and the generation that replaces it. */
  readonly replaced: readonly string[];
  /** Who is in a channel, after what was told. */
  told(tenant: string, target: string): readonly string[];
  /** Who is in a channel, after what can be asked. */
  ids(tenant: string, room: string, channel: string): readonly string[];
  pass(ms: number): void;
  take(report: Report): boolean;
}

/** A first report: one client in one channel. */
export const first: Report = {
  node: 'n1',
  startedAtMs: 5,
  number: 1,
  snapshot: true,
  changes: [connect('acme', 'n1_a', 'alice'), join('acme', 'n1_a', 'lab', 'bench')],
};

function toldKey({ tenant, room, channel }: ChannelAddress, clientId: string): string {
  return `${tenant}/${room}:${channel}/${clientId}`;
}

function reportOf({ startedAtMs, number, changes, page = 0, more = false, ...others }: Report): MembershipReport {
  const numbers = { startedAtMs: BigInt(startedAtMs), number: BigInt(number) };
  return create(MembershipReportSchema, { ...others, ...numbers, page, more, changes: [...changes] });
}

/** Reports into a state that is watched: what is told of it, step by step, must add up to what is there. */
export function createReportsFixture(): ReportsFixture {
  let nowMs = 0;
  const occupied = new Set<string>();
  const told = new Set<string>();
  const updated: string[] = [];
  const changes: string[] = [];
  const replaced: string[] = [];
  const note = ({ channel }: ChannelAddress, change: string): void => {
    if (channel !== '*') changes.push(change);
  };
  const listener: MembershipListener = {
    onOccupied: ({ tenant, room, channel }) => {
      expect(occupied).not.toContain(`${tenant}/${room}:${channel}`);
      occupied.add(`${tenant}/${room}:${channel}`);
    },
    onEmptied: ({ tenant, room, channel }) => expect(occupied.delete(`${tenant}/${room}:${channel}`)).toBe(true),
    onJoined: (address, { member }) => {
      expect(told).not.toContain(toldKey(address, member.clientId));
      told.add(toldKey(address, member.clientId));
      note(address, `+${toldKey(address, member.clientId)}`);
    },
    onLeft: (address, { member }) => {
      expect(told.delete(toldKey(address, member.clientId))).toBe(true);
      note(address, `-${toldKey(address, member.clientId)}`);
    },
    onUpdated: (address, client) => {
      const { clientId, status, meta } = memberIn(client, address);
      updated.push(`${toldKey(address, clientId)} ${status} ${new TextDecoder().decode(meta)}`);
    },
  };
  const state = new MembershipState(listener, 2);
  const reports = new MembershipReports(state, () => nowMs, {
    onConnected: () => undefined,
    onReplaced: ({ member, generation }) => void replaced.push(`${member.clientId} ${generation}`),
  });
  return {
    state,
    reports,
    occupied,
    updated,
    changes,
    replaced,
    told: (tenant: string, target: string) =>
      [...told].flatMap((key) => (key.startsWith(`${tenant}/${target}/`) ? [key.split('/')[2] ?? ''] : [])).toSorted(),
    pass: (ms: number) => void (nowMs += ms),
    take: (report: Report) => reports.take(reportOf(report)),
    ids: (tenant: string, room: string, channel: string) =>
      Array.from(state.clientsIn(tenant as TenantId, room, channel).keys(), ({ member }) => member.clientId).toSorted(),
  };
}
