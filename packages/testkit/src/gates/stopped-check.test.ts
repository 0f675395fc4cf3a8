import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const CHECK = fileURLToPath(new URL('../../../../scripts/check.mjs', import.meta.url));

it('a check that is ended by a signal ends its stage, and begins no other', async () => {
  const check = spawn(process.execPath, [CHECK, 'types', 'spec'], { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  check.stdout.setEncoding('utf8').on('data', (text: string) => void (output += text));
  // The first line names the stage.
  check.stdout.once('data', () => check.kill('SIGTERM'));
  const [code] = await once(check, 'close');
  expect(code).toBe(1);
  expect(output).toContain('Stopped by a signal');
  expect(output).not.toContain('== spec');
}, 60_000);
