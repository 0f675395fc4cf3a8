import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryRoot, runTool, withTree } from '../lint/run-tool.ts';
import type { ToolResult } from '../lint/run-tool.ts';
import { loadScript } from './load-script.ts';

interface Finding {
  readonly place: string;
  readonly kind: string;
  readonly digest: string;
}

const { findSecrets } = await loadScript<{ findSecrets(place: string, text: string): Promise<readonly Finding[]> }>(
  'gates/find-secrets.mjs',
);

// Invented, and put together here, so that the scan of this repository does not find its own examples.
const planted: Readonly<Record<string, readonly [file: string, ...parts: string[]]>> = {
  'an AWS secret key': ['a.ts', 'aws_secret_access_key = "', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzKEYY"'],
  'a GitHub token': ['a.ts', 'ghp_', '16C7e42F292c6912E7710c838347Ae178B4a'],
  'a Slack token': ['a.ts', 'xoxb-', '123456789012-123456789012-abcdefghijklmnopqrstuvwx'],
  'a registry token': ['.npmrc', '//registry.example/:_authToken=npm', '_abcdefghijklmnopqrstuvwxyz0123456789'],
  'a private key': [
    'key.pem',
    '-----BEGIN PRIVATE',
    ` KEY-----\n${'MIIEvQIBADANBgkq\n'.repeat(20)}-----END PRIVATE KEY-----`,
  ],
  'a private key inside JSON': ['a.json', '{"key":"-----BEGIN PRIVATE', String.raw` KEY-----\nMIIEvQIBADANBgkq"}`],
  'a database with its password': ['.env', 'DB=postgres://arqon:', 's3cretPassw0rd@db.internal:5432/arqon'],
  'a NATS server with its password': ['.env', 'NATS=nats://shield:', 's3cretPassw0rd@nats.internal:4222'],
  'a signed token': ['a.md', 'eyJhbGciOiJIUzI1NiJ9', '.eyJzdWIiOiJhbGljZSJ9.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gF'],
  'a Stripe key': ['a.py', 'sk_live_', '4eC39HqLyjWDarjtT1zdp7dcABCDEFGH'],
};
const cases = Object.entries(planted).map(([name, [file, ...parts]]) => ({ name, file, text: parts.join('') }));

describe('the search for secrets', () => {
  it.each(cases)('finds $name', async ({ file, text }) => {
    const findings = await findSecrets(file, `first line\n${text}\nlast line\n`);
    expect(findings.map(({ place }) => place)).toContain(`${file}:2`);
  });

  it('tells a digest and never the secret', async () => {
    for (const { file, text } of cases) {
      const told = JSON.stringify(await findSecrets(file, text));
      expect(told).toMatch(/"digest":"[0-9a-f]{64}"/);
      for (const word of text.split(/[\s"]/).filter((part) => part.length > 20)) expect(told).not.toContain(word);
    }
  });

  it.each([
    'const token = await issuer.issue({ user });',
    'ARQONBUS_NATS_URL=nats://127.0.0.1:4222',
    'password: $NATS_SHIELD_PASSWORD',
    'integrity: sha512-CXvKMFvM80ihI7Vox9jb+kQjnyjESQNPM+vB7U0Zz6TWuZA+Z==',
  ])('leaves alone: %s', async (text) => {
    expect(await findSecrets('a.ts', text)).toEqual([]);
  });
});

/** Scans a repository of its own: `files` is committed first, then each file is replaced by a harmless one. */
function scanAfterRemoval(files: Readonly<Record<string, string>>): ToolResult {
  return withTree(files, (folder) => {
    const git = (...args: readonly string[]): void => {
      const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
      execFileSync('git', [...identity, ...args], { cwd: folder, stdio: 'ignore' });
    };
    git('init');
    git('add', '.');
    git('commit', '-m', 'first');
    for (const name of Object.keys(files)) rmSync(join(folder, name));
    writeFileSync(join(folder, 'harmless.txt'), 'nothing here\n');
    git('add', '--all');
    git('commit', '-m', 'removed');
    return runTool('node', [join(repositoryRoot, 'scripts/gates/check-secrets.mjs'), folder], folder);
  });
}

describe('the search through the history', () => {
  it('finds what was committed once and removed later', () => {
    const { code, output } = scanAfterRemoval({
      'old.ts': `const key = '${planted['a GitHub token']?.slice(1).join('')}';\n`,
    });
    expect(output).toContain('In the history: old.ts:1: a secret, github (GITHUB_TOKEN)');
    expect(code).toBe(1);
  });

  it('passes where there never was one', () => {
    const { code, output } = scanAfterRemoval({ 'old.ts': 'const key = readSecret();\n' });
    expect(output).toBe('1 files and 2 contents of the history looked through.\n');
    expect(code).toBe(0);
  });

  it('fails outside a repository, where it could not look', () => {
    const script = join(repositoryRoot, 'scripts/gates/check-secrets.mjs');
    expect(withTree({ 'a.txt': 'x' }, (folder) => runTool('node', [script, folder], folder)).code).toBe(1);
  });
});
