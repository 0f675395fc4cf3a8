import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { ResumeTokenSchema, create, readMessage, toBinary } from '@arqonbus/protocol/spine-messages';
import type { ResumeToken } from '@arqonbus/protocol/spine-messages';

/** What a token says. */
export type ResumeTokenContent = Omit<ResumeToken, '$typeName' | '$unknown'>;

/** Resume tokens as clients see them: sealed, so that nobody but a Shield can read or make one. */
export interface ResumeTokens {
  seal(content: ResumeTokenContent): string;
  /** Undefined for whatever no Shield with one of the keys has sealed. */
  open(text: string): ResumeToken | undefined;
}

const VERSION = 1;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const OVERHEAD_BYTES = 1 + SALT_BYTES + TAG_BYTES;
const CIPHER = 'aes-256-gcm';

/** Tokens under these keys: the first one seals, all of them open. */
export function createResumeTokens(keys: readonly [Uint8Array, ...Uint8Array[]]): ResumeTokens {
  return {
    seal: (content) => {
      const salt = randomBytes(SALT_BYTES);
      const { key, nonce } = tokenKey(keys[0], salt);
      const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
      const plain = toBinary(ResumeTokenSchema, create(ResumeTokenSchema, content));
      const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([Buffer.of(VERSION), salt, sealed, cipher.getAuthTag()]).toString('base64url');
    },
    open: (text) => {
      const bytes = Buffer.from(text, 'base64url');
      if (bytes.length < OVERHEAD_BYTES || bytes[0] !== VERSION) return undefined;
      for (const key of keys) {
        const plain = openWith(key, bytes);
        if (plain !== undefined) return readMessage(ResumeTokenSchema, plain);
      }
      return undefined;
    },
  };
}

/** A key of its own for each token: random nonces alone would not do for as many tokens as a key sees. */
function tokenKey(key: Uint8Array, salt: Uint8Array): { readonly key: Buffer; readonly nonce: Buffer } {
  const bytes = createHmac('sha512', key).update(salt).digest();
  return { key: bytes.subarray(0, 32), nonce: bytes.subarray(32, 32 + NONCE_BYTES) };
}

function openWith(masterKey: Uint8Array, bytes: Buffer): Buffer | undefined {
  const { key, nonce } = tokenKey(masterKey, bytes.subarray(1, 1 + SALT_BYTES));
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(1 + SALT_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    // Not sealed with this key, or changed since.
    return undefined;
  }
}
