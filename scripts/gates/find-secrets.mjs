import { createHash } from 'node:crypto';
import { lintSource } from '@secretlint/core';
import { secretLintProfiler } from '@secretlint/profiler';
import { creator as pattern } from '@secretlint/secretlint-rule-pattern';
import { creator as preset } from '@secretlint/secretlint-rule-preset-recommend';

// Its marks are kept, and searched by name, for the whole run: thousands of files took 45 s in place of 2.
secretLintProfiler.mark = () => {};

/** Shapes that the scanner's own rules have none for, and that this project handles or could be given. */
const patterns = [
  { name: 'signed token', patterns: ['/eyJ[\\w-]{10,}\\.eyJ[\\w-]{10,}\\.[\\w-]{20,}/'] },
  {
    name: 'password in an address',
    patterns: ['/(?:nats|tls|wss?|rediss?|valkeys?):\\/\\/[^\\s:@\\/\'"`$]+:[^\\s@\\/\'"`$]{6,}@/'],
  },
  { name: 'private key', patterns: ['/-----BEGIN [A-Z ]*PRIVATE KEY-----\\\\n/'] },
  { name: 'Stripe key', patterns: ['/[rs]k_live_[0-9a-zA-Z]{24,}/'] },
];

const config = {
  rules: [
    { id: '@secretlint/secretlint-rule-preset-recommend', rule: preset, rules: [], options: {} },
    { id: '@secretlint/secretlint-rule-pattern', rule: pattern, options: { patterns } },
  ],
};

/**
 * The secrets in one text: where, which rule saw them, and the SHA-256 of what it saw, by which a finding can be listed as known.
 * Nothing given back holds the secret itself.
 * @returns {Promise<readonly { place: string, kind: string, digest: string }[]>}
 */
export async function findSecrets(place, content) {
  const source = { filePath: `/${place}`, content, contentType: 'text', ext: place.split('.').at(-1) ?? '' };
  const { messages } = await lintSource({ source, options: { config, noPhysicFilePath: true } });
  return messages.map(({ ruleId, messageId, range, loc }) => ({
    place: `${place}:${loc.start.line}`,
    kind: `${ruleId.replace(/^.*secretlint-rule-/, '')} (${messageId})`,
    digest: createHash('sha256').update(content.slice(range[0], range[1])).digest('hex'),
  }));
}
