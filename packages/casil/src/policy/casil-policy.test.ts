import { describe, expect, it } from 'vitest';
import { describeCasilSettings, parseCasilChange } from './casil-change.ts';
import { createCasilPolicy } from './casil-policy.ts';
import { DEFAULT_CASIL_SETTINGS } from './settings.ts';

describe('a policy', () => {
  it('[CAS-1] [CAS-13] is off by default, monitors once it is on, and redacts the shipped names', () => {
    expect(DEFAULT_CASIL_SETTINGS).toMatchObject({ enabled: false, mode: 'monitor', transportRedaction: true });
    expect(DEFAULT_CASIL_SETTINGS.redactionPaths).toEqual([
      'password',
      'passwd',
      'secret',
      'token',
      'api_key',
      'apikey',
      'authorization',
      'private_key',
      'client_secret',
    ]);
    expect(createCasilPolicy(DEFAULT_CASIL_SETTINGS)).toMatchObject({ ok: true });
  });

  it.each([
    [{ redactionPatterns: ['(unclosed'] }, 'redaction_patterns'],
    [{ redactionPatterns: ['fine', 'a)(b'] }, 'redaction_patterns'],
    [{ redactionPatterns: ['(?=ahead)'] }, 'redaction_patterns'],
    [{ redactionPatterns: ['a*'] }, 'redaction_patterns'],
    [{ redactionPatterns: ['x'.repeat(513)] }, 'redaction_patterns'],
    [{ redactionPatterns: ['a', 'b', 'c'], maxPatterns: 2 }, 'redaction_patterns'],
    [{ redactionPaths: ['/a~2'] }, 'redaction_paths'],
    [{ redactionPaths: ['not/a\nname'] }, 'redaction_paths'],
    [{ redactionPaths: ['x'.repeat(257)] }, 'redaction_paths'],
    [{ redactionPaths: Array.from({ length: 257 }, (_, i) => `n${i}`) }, 'redaction_paths'],
    [{ scopeInclude: ['sci ence'] }, 'scope_include'],
    [{ scopeExclude: [''] }, 'scope_exclude'],
    [{ neverLogPayloadFor: Array.from({ length: 257 }, () => 'a') }, 'never_log_payload_for'],
    [{ detectors: { no_such: 'block' } }, 'detectors'],
  ] as const)('[CAS-2] [CAS-9] that cannot be made is refused as a whole: %j', (changes, key) => {
    const made = createCasilPolicy({ ...DEFAULT_CASIL_SETTINGS, ...changes });
    expect(made).toMatchObject({ ok: false, problems: [{ key }] });
  });

  it('[CAS-2] names everything that is wrong with it', () => {
    const changes = { scopeInclude: ['a b'], redactionPatterns: ['('], detectors: { nothing: 'allow' } } as const;
    const made = createCasilPolicy({ ...DEFAULT_CASIL_SETTINGS, ...changes });
    expect(made.ok ? [] : made.problems.map(({ key }) => key)).toEqual([
      'scope_include',
      'redaction_patterns',
      'detectors',
    ]);
  });

  it('[CAS-6] tells of what nothing may be observed', () => {
    const made = createCasilPolicy({ ...DEFAULT_CASIL_SETTINGS, neverLogPayloadFor: ['clinic:*'] });
    if (!made.ok) throw new Error('no policy');
    expect([made.policy.mayObserve('clinic', 'ward'), made.policy.mayObserve('art', 'ward')]).toEqual([false, true]);
  });

  it('[CAS-9] policies that look for the same names share their tables', () => {
    const inspectorOf = (names: readonly string[]): unknown => {
      const made = createCasilPolicy({ ...DEFAULT_CASIL_SETTINGS, redactionPaths: names });
      return made.ok ? made.policy.inspector : undefined;
    };
    const first = inspectorOf(['pin', 'cvv']);
    expect(inspectorOf(['cvv', 'pin'])).toBe(first);
    for (let i = 0; i < 70; i++) inspectorOf([`name${i}`]);
    expect(inspectorOf(['pin', 'cvv'])).not.toBe(first);
  });
});

describe('a change', () => {
  it('[CAS-9] is any subset of the settings, read by the table of the configuration', () => {
    const change = { mode: 'enforce', scope_include: ['art:*'], detectors: { email: 'redact' }, max_patterns: 4 };
    expect(parseCasilChange(change)).toEqual({
      ok: true,
      change: { mode: 'enforce', scopeInclude: ['art:*'], detectors: { email: 'redact' }, maxPatterns: 4 },
    });
  });

  it('[CAS-9] with anything wrong in it is refused as a whole, and what is wrong is named', () => {
    const parsed = parseCasilChange({
      mode: 'strict',
      max_patterns: 99,
      detectors: { email: 'mask' },
      enabeld: true,
      'a b': 1,
    });
    expect(parsed.ok ? [] : parsed.problems.map(({ key }) => key)).toEqual([
      'mode',
      'max_patterns',
      'detectors',
      'enabeld',
      '?',
    ]);
    expect(parsed).toMatchObject({
      problems: expect.arrayContaining([
        { key: 'enabeld', problem: 'is no setting of CASIL', fix: 'did you mean enabled?' },
      ]),
    });
  });

  it('[CAS-9] settings are told by the names that a change has', () => {
    const told = describeCasilSettings(DEFAULT_CASIL_SETTINGS);
    expect(told).toMatchObject({ enabled: false, max_inspect_bytes: 65_536, partial: 'block' });
    const read = parseCasilChange(told);
    expect(read.ok && read.change).toEqual(DEFAULT_CASIL_SETTINGS);
  });
});
