import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Option } from 'commander';
import type { Command } from 'commander';

interface GenFlags {
  readonly kind: 'secret' | 'es256' | 'eddsa';
  readonly out: string;
}

/** Adds `arqon auth gen`: a secret for HS256, or a pair of keys. */
export function addAuthCommand(program: Command): void {
  const auth = program.command('auth').description('secrets and keys for tokens');
  auth
    .command('gen')
    .description('print a new secret, or write a new pair of keys')
    .addOption(new Option('--kind <kind>').choices(['secret', 'es256', 'eddsa']).default('secret'))
    .option('--out <folder>', 'where a pair of keys is written', '.')
    .addHelpText(
      'after',
      '\nExamples:\n  export ARQONBUS_AUTH_JWT_SECRET=$(arqon auth gen)\n  arqon auth gen --kind es256 --out keys\n',
    )
    .action(generate);
}

function generate({ kind, out }: GenFlags): void {
  if (kind === 'secret') {
    process.stdout.write(`${randomBytes(48).toString('base64url')}\n`);
    return;
  }
  const { privateKey, publicKey } =
    kind === 'es256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  const [privatePath, publicPath] = [join(out, 'jwt-private.pem'), join(out, 'jwt-public.pem')];
  // An existing key is somebody's: it is never written over. Nobody but its owner reads the new one.
  writeFileSync(privatePath, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  writeFileSync(publicPath, publicKey.export({ type: 'spki', format: 'pem' }), { flag: 'wx' });
  process.stdout.write(
    `${privatePath}: keep it with your issuer of tokens\n${publicPath}: ARQONBUS_AUTH_JWT_PUBLIC_KEY_FILE\n`,
  );
}
