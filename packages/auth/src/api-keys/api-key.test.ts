import { randomFillSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { apiKeyIdOf, createApiKey, hashApiKey, isApiKeyId, isApiKeyOf } from './api-key.ts';

const ID = '0123456789abcdef0123';
const make = (): string => createApiKey(ID, (bytes) => void randomFillSync(bytes));

describe('a key', () => {
  it('[BRG-1] names its id, and fits its own hash alone', () => {
    const [key, other] = [make(), make()];
    expect([apiKeyIdOf(key), isApiKeyId(ID)]).toEqual([ID, true]);
    expect([isApiKeyOf(key, hashApiKey(key)), isApiKeyOf(other, hashApiKey(key))]).toEqual([true, false]);
    expect(isApiKeyOf(key, new Uint8Array(0))).toBe(false);
  });

  it.each([
    '',
    'arqk_',
    `arqk_${ID}`,
    `arqk_${ID}_short`,
    `arqk_${ID.toUpperCase()}_${'a'.repeat(43)}`,
    ` ${make()}`,
    `${make()}x`,
  ])('[PRD-6] is none: %j', (text) => expect(apiKeyIdOf(text)).toBeUndefined());
});
