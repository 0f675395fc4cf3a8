import { createSecretKey } from 'node:crypto';
import { createTokens } from '@arqonbus/testkit';
import { expect, it } from 'vitest';
import { mayBeSignedWith } from './secret-signature.ts';

const tokens = createTokens();
const secret = createSecretKey(Buffer.from(tokens.secret));

it('[AUT-1] A-15: passes what the secret signed, and nothing that another one signed or that is cut', () => {
  const token = tokens.sign('HS256');
  expect(mayBeSignedWith(secret, token)).toBe(true);
  expect(mayBeSignedWith(createSecretKey(Buffer.from('another-secret-of-32-bytes-or-more')), token)).toBe(false);
  const changed = token.replace(/\.(.)/, (_, first: string) => `.${first === 'e' ? 'f' : 'e'}`);
  const [header = '', claims = ''] = token.split('.');
  for (const wrong of [changed, token.slice(0, -4), `${token}AAAA`, `${header}.${claims}.`, `${header}.${claims}`, ''])
    expect([wrong, mayBeSignedWith(secret, wrong)]).toEqual([wrong, false]);
});
