import { describe, expect, it } from 'vitest';
import { parseClientDescription } from './client-description.ts';

describe('what a client says of itself', () => {
  it('[PRT-3] is a human without a target unless it says more', () => {
    expect(parseClientDescription('')).toEqual({
      ok: true,
      description: {
        clientType: 'human',
        screenName: '',
        avatar: '',
        personality: '',
        defaultRoom: '',
        defaultChannel: '',
      },
    });
  });

  it('[PRT-3] is read from the query', () => {
    const query =
      'client_type=ai-agent&screen_name=Зоя%20🦜&avatar=https%3A%2F%2Fcdn.example%2Fa.png&personality=kind+and+brief' +
      '&room=science&channel=general&token=secret&utm_source=x';
    expect(parseClientDescription(query)).toEqual({
      ok: true,
      description: {
        clientType: 'ai-agent',
        screenName: 'Зоя 🦜',
        avatar: 'https://cdn.example/a.png',
        personality: 'kind and brief',
        defaultRoom: 'science',
        defaultChannel: 'general',
      },
    });
  });

  it.each([
    { query: 'room=science', target: ['science', ''] },
    { query: 'room=science:general', target: ['science', 'general'] },
    { query: 'room=science:general&channel=general', target: ['science', 'general'] },
    { query: 'room=science&channel=*', target: ['science', '*'] },
  ])('[PRT-3] $query names a default target', ({ query, target }) => {
    const result = parseClientDescription(query);
    expect(result.ok && [result.description.defaultRoom, result.description.defaultChannel]).toEqual(target);
  });

  it.each([
    ['client_type=root', 'client_type'],
    ['client_type=', 'client_type'],
    ['client_type=HUMAN', 'client_type'],
    ['room=*', 'room'],
    ['room=a%3Eb', 'room'],
    ['room=science:general&channel=explore', 'room'],
    ['channel=general', 'room'],
    [`room=${'x'.repeat(65)}`, 'room'],
    [`screen_name=${'x'.repeat(257)}`, 'screen_name'],
    ['screen_name=Ada%0D%0AINFO%20admin', 'screen_name'],
    ['avatar=%1B%5B31m', 'avatar'],
    ['personality=%7F', 'personality'],
  ])('[PRT-3] N-11: refuses %s', (query, field) => {
    const result = parseClientDescription(query);
    expect(result.ok).toBe(false);
    expect(!result.ok && result.errors.map((error) => error.field)).toEqual([field]);
  });

  it('[PRT-3] tells everything that is wrong at once', () => {
    const result = parseClientDescription('client_type=x&room=*&avatar=%00');
    expect(!result.ok && result.errors.map((error) => error.field)).toEqual(['client_type', 'room', 'avatar']);
  });
});
