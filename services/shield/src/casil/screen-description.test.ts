import { DEFAULT_CASIL_SETTINGS, createCasilPolicy } from '@arqonbus/casil';
import type { CasilPolicy, CasilSettings } from '@arqonbus/casil';
import { describe, expect, it } from 'vitest';
import type { ClientDescription } from '../session/session.ts';
import { screenDescription } from './screen-description.ts';

const awsKey = ['AKIA', 'Q3EGRZ7XUWL5P2MN'].join('');
const clean: ClientDescription = {
  clientType: 'human',
  screenName: 'Grace 🦜',
  avatar: 'https://cdn.example/a.png',
  personality: '',
  defaultRoom: 'science',
  defaultChannel: 'general',
};

function policyWith(changes: Partial<CasilSettings> = {}): CasilPolicy | undefined {
  const made = createCasilPolicy({ ...DEFAULT_CASIL_SETTINGS, enabled: true, mode: 'enforce', ...changes });
  return made.ok ? made.policy : undefined;
}

describe('what a client says of itself', () => {
  it('[SAF-3] [CAS-5] is as it came where nothing is in it, CASIL is off, or only looks on', () => {
    const said = { ...clean, personality: awsKey };
    expect(screenDescription(clean, policyWith())).toEqual({ ok: true, description: clean });
    expect(screenDescription(said, undefined)).toEqual({ ok: true, description: said });
    expect(screenDescription(said, policyWith({ mode: 'monitor' }))).toEqual({ ok: true, description: said });
  });

  it('[SAF-3] [CAS-6] is shown redacted where it is to be redacted', () => {
    const said = { ...clean, screenName: 'pay to 4111 1111 1111 1111' };
    expect(screenDescription(said, policyWith())).toEqual({
      ok: true,
      description: { ...clean, screenName: 'pay to ***REDACTED***' },
    });
  });

  it.each([
    ['screenName', 'screen_name'],
    ['avatar', 'avatar'],
    ['personality', 'personality'],
    ['defaultRoom', 'room'],
    ['defaultChannel', 'channel'],
  ] as const)('[SAF-3] [SAF-2] is refused where %s holds what blocks, and not repeated', (name, field) => {
    const screened = screenDescription({ ...clean, [name]: awsKey }, policyWith());
    expect(screened).toEqual({ ok: false, errors: [{ field, problem: 'holds aws_access_key_id' }] });
  });
});
