import { ALLOW, reject, room } from './arqon';
import { numberAt } from './json-path';

// Refuses jobs that would take more energy than they may: `job.nvm`, in joules.

const CAP_JOULES: f64 = 50;

export function alloc(length: i32): usize {
  return room(length);
}

export function policy_check(ptr: usize, length: i32): i32 {
  const joules = numberAt(ptr, length, 'job', 'nvm');
  // No number is no job: what a job must have is for a schema to say.
  if (joules > CAP_JOULES) return reject('ENERGY_CAP', 'job.nvm is above ' + CAP_JOULES.toString() + ' J');
  return ALLOW;
}
