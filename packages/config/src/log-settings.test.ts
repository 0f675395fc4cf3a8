import { describe, expect, it } from 'vitest';
import { SHIPPED_PROFILES } from '@arqonbus/protocol';
import { parseLogProfiles, parseLogRules, RESERVED_RULES } from './log-settings.ts';
import { parseConfig } from './parse-config.ts';
import { parseRooms } from './bootstrap-rooms.ts';

describe('log profiles', () => {
  it('lie over the shipped ones by name', () => {
    const chat = { class: 'history', max_messages: 50, max_age_ms: 60_000, max_bytes: 4_096 };
    const parsed = parseLogProfiles({ default: { ...chat, max_messages: 10 }, chat });
    const limits = { logClass: 'history', maxAgeMs: 60_000, maxBytes: 4_096 };
    expect(parsed).toMatchObject({ ok: true });
    const profiles = parsed.ok ? parsed.value : [];
    expect(profiles).toHaveLength(SHIPPED_PROFILES.length + 1);
    expect(profiles).toContainEqual({ name: 'default', maxMessages: 10, ...limits });
    expect(profiles).toContainEqual({ name: 'chat', maxMessages: 50, ...limits });
  });

  it('of class live need no limits', () => {
    const parsed = parseLogProfiles({ fast: { class: 'live' } });
    expect(parsed).toMatchObject({ ok: true });
  });

  const history = { class: 'history', max_messages: 1, max_age_ms: 1, max_bytes: 1 };

  it.each([
    null,
    [],
    'default',
    { default: null },
    { default: { ...history, class: 'eternal' } },
    { default: { ...history, max_messages: 0 } },
    { default: { ...history, max_bytes: -1 } },
    { default: { ...history, max_age_ms: 1.5 } },
    { default: { ...history, max_age_ms: '1h' } },
    { default: { class: 'history', max_messages: 5 } },
    { default: { ...history, max_mesages: 5 } },
    { 'no spaces': history },
    { state: { ...history, class: 'state', max_messages: 2 } },
  ])('are refused when they are %j', (raw) => {
    expect(parseLogProfiles(raw)).toMatchObject({ ok: false });
  });
});

describe('log rules', () => {
  it('keep their order, behind those of the reserved rooms', () => {
    const rules = [
      { pattern: 'science:*', profile: 'durable' },
      { pattern: '*', profile: 'live' },
    ];
    expect(parseLogRules(rules)).toEqual({ ok: true, value: [...RESERVED_RULES, ...rules] });
  });

  it.each([
    {},
    'science:*',
    [null],
    ['science:*'],
    [{ pattern: 'science:*' }],
    [{ pattern: 'science:*', profile: 'live', extra: 1 }],
    [{ pattern: 'science:>', profile: 'live' }],
    [{ pattern: 7, profile: 'live' }],
  ])('are refused when they are %j', (raw) => {
    expect(parseLogRules(raw)).toMatchObject({ ok: false });
  });

  it('[CFG-1] must name profiles that exist', () => {
    const env = { ARQONBUS_LOG_RULES: '[{pattern: "science:*", profile: durabel}]' };
    expect(parseConfig({ env })).toMatchObject({
      ok: false,
      problems: [{ key: 'log.rules', problem: 'names the profile durabel, which does not exist' }],
    });
  });
});

describe('bootstrap rooms', () => {
  it('[CFG-3] are a map of names to names', () => {
    const parsed = parseRooms({ science: ['general', 'general', 'share'], empty: [] });
    expect(parsed).toEqual({ ok: true, value: { science: ['general', 'share'], empty: [] } });
  });

  it.each([
    null,
    [],
    'science',
    { science: 'general' },
    { 'a:b': [] },
    { science: ['*'] },
    { science: [7] },
    { '>': [] },
  ])('[CFG-3] are refused when they are %j', (raw) => {
    expect(parseRooms(raw)).toMatchObject({ ok: false });
  });
});
