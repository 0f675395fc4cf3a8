import { describe, expect, it } from 'vitest';
import { parseChange } from './parse-change.ts';

describe('settings on the command line', () => {
  it('[CAS-9] are pairs of a name and JSON, or a text', () => {
    const pairs = [
      'mode=enforce',
      'enabled=true',
      'max_patterns=4',
      'redaction_paths=["a=b","c"]',
      'detectors={"email":"redact"}',
    ];
    expect(parseChange(pairs)).toEqual({
      mode: 'enforce',
      enabled: true,
      max_patterns: 4,
      redaction_paths: ['a=b', 'c'],
      detectors: { email: 'redact' },
    });
  });

  it.each(['mode', '=enforce', ''])('[CLI-1] that are no pairs are refused: %j', (pair) => {
    expect(() => parseChange([pair])).toThrow('name=value');
  });
});
