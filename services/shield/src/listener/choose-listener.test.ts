import { BusError } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { chooseListener } from './choose-listener.ts';
import { loadUws } from './uws/load-uws.ts';

const missing = (): ReturnType<typeof loadUws> => ({ ok: false, reason: 'no native module here' });

describe('chooseListener', () => {
  it('[ARC-8] takes what is wanted', () => {
    expect(chooseListener('ws')).toMatchObject({ name: 'ws', reason: 'chosen by configuration' });
  });

  it('[ARC-8] auto takes uws exactly where it loads', () => {
    expect(chooseListener('auto').name).toBe(loadUws().ok ? 'uws' : 'ws');
  });

  it('[ARC-8] auto falls back to ws and says why', () => {
    const choice = chooseListener('auto', missing);
    expect(choice).toMatchObject({ name: 'ws', reason: 'uws is not available: no native module here' });
  });

  it('[ARC-8] does not replace uws in silence where it was asked for', () => {
    expect(() => chooseListener('uws', missing)).toThrow(BusError);
  });
});
