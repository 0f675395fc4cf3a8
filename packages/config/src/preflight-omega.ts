import { isName } from '@arqonbus/protocol';
import type { Config } from './config.ts';
import type { Problem } from './problem.ts';

/** Whether the lab of the Omega lane can be one (CFG-4): the room of telemetry is none. */
export function checkOmega({ omega }: Config): readonly Problem[] {
  const problems: Problem[] = [];
  if (!isName(omega.labRoom) || omega.labRoom === 'integriguard') {
    problems.push({ key: 'omega.lab_room', problem: 'must be the name of a room of its own', fix: 'write omega-lab' });
  }
  if (!isName(omega.labChannel)) {
    problems.push({ key: 'omega.lab_channel', problem: 'must be the name of a channel', fix: 'write signals' });
  }
  return problems;
}

/** A process that is not for development keeps the lane's state where all Brains find it. */
export function needsOmegaStorage({ omega, valkey }: Config): readonly Problem[] {
  if (!omega.enabled || valkey.url.length > 0) return [];
  const fix = 'set ARQONBUS_VALKEY_URL, or ARQONBUS_OMEGA_ENABLED=false';
  return [{ key: 'omega.enabled', problem: 'needs valkey.url, where the lane keeps its state', fix }];
}
