import type { MembershipReport } from '@arqonbus/protocol/spine-messages';
import { callBrain } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';

/** Sends one report to the Brain; true = it wants a snapshot next. */
export async function sendReport(spine: Spine, report: MembershipReport): Promise<boolean> {
  const { snapshotWanted } = await callBrain(spine, 'membership.report', report);
  return snapshotWanted;
}
