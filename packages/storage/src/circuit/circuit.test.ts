import { describe, expect, it } from 'vitest';
import { createCircuit } from './circuit.ts';

function createRig() {
  let nowMs = 0;
  let opened = 0;
  const circuit = createCircuit({
    maxFailures: 3,
    openMs: 1_000,
    monotonicMs: () => nowMs,
    onOpen: () => (opened += 1),
  });
  const fail = (times: number): void => {
    for (let n = 0; n < times; n++) if (circuit.mayCall()) circuit.failed();
  };
  return { circuit, fail, pass: (ms: number) => void (nowMs += ms), opened: () => opened };
}

describe('a circuit', () => {
  it('[BRN-2] opens after failures in a row, and refuses from then on', () => {
    const { circuit, fail, opened } = createRig();
    fail(2);
    expect([circuit.mayCall(), circuit.isOpen(), opened()]).toEqual([true, false, 0]);
    circuit.failed();
    expect([circuit.mayCall(), circuit.isOpen(), opened()]).toEqual([false, true, 1]);
  });

  it('[BRN-2] counts only failures in a row', () => {
    const { circuit, fail } = createRig();
    fail(2);
    circuit.succeeded();
    fail(2);
    expect(circuit.mayCall()).toBe(true);
  });

  it('[BRN-2] lets one call try after its pause, which closes it or opens it again', () => {
    const { circuit, fail, pass, opened } = createRig();
    fail(3);
    pass(999);
    expect(circuit.mayCall()).toBe(false);
    pass(1);
    expect([circuit.mayCall(), circuit.mayCall(), circuit.mayCall()]).toEqual([true, false, false]);
    circuit.failed();
    expect([circuit.mayCall(), opened()]).toEqual([false, 2]);
    pass(1_000);
    expect(circuit.mayCall()).toBe(true);
    circuit.succeeded();
    expect([circuit.mayCall(), circuit.mayCall(), circuit.isOpen()]).toEqual([true, true, false]);
  });

  it('[BRN-2] is not closed, or kept open longer, by what was sent before it opened', () => {
    const { circuit, fail, pass, opened } = createRig();
    fail(3);
    circuit.succeeded();
    pass(900);
    circuit.failed();
    expect([circuit.mayCall(), opened()]).toEqual([false, 1]);
    pass(100);
    expect(circuit.mayCall()).toBe(true);
  });
});
