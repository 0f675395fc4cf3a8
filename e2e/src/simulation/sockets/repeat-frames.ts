import type { Faults } from '../spine/faults.ts';
import type { SeededRandom } from '@arqonbus/testkit';
import type { FrameFault } from './network.ts';

/** Sends some publications of logged channels twice, as a Shield may that reads again what it has written. */
export function createRepeatFrames(faults: Faults, random: SeededRandom): FrameFault {
  const isRepeated = (): boolean => faults.isOn && random.chance(faults.rates.duplicates);
  return (data) => (isLogged(data) && isRepeated() ? [data, data] : [data]);
}

/** Whether it is a publication with a position. Only JSON can be told without decoding it. */
export function isLogged(data: string | ArrayBuffer): data is string {
  return typeof data === 'string' && data.includes('"type":"event"') && data.includes('"seq":');
}
