import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { fillRandom } from './pooled-random.ts';

/** Bytes that nobody but a Shield can read or make (AES-256-GCM). */
export interface SealedBox {
  /** `context` is not in the box, and whoever opens it must name the same. */
  seal(plain: Uint8Array, context?: string): Buffer;
  /** Undefined for whatever no Shield with one of the keys has sealed in this context. */
  open(box: Uint8Array, context?: string): Buffer | undefined;
}

const VERSION = 1;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const OVERHEAD_BYTES = 1 + SALT_BYTES + TAG_BYTES;
const CIPHER = 'aes-256-gcm';

/** A box under these keys: the first one seals, all of them open. */
export function createSealedBox(keys: readonly [Uint8Array, ...Uint8Array[]]): SealedBox {
  return {
    seal: (plain, context = '') => {
      const salt = Buffer.alloc(SALT_BYTES);
      fillRandom(salt);
      const { key, nonce } = boxKey(keys[0], salt);
      const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(context));
      const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([Buffer.of(VERSION), salt, sealed, cipher.getAuthTag()]);
    },
    open: (box, context = '') => {
      if (box.length < OVERHEAD_BYTES || box[0] !== VERSION) return undefined;
      for (const key of keys) {
        const plain = openWith(key, box, context);
        if (plain !== undefined) return plain;
      }
      return undefined;
    },
  };
}

/** The key of one kind of box, made of a secret that serves for several; without a secret a random one, of this process alone. */
export function deriveBoxKey(secret: string, label: string): Buffer {
  const bytes = secret === '' ? randomBytes(KEY_BYTES) : Buffer.from(secret);
  return Buffer.from(hkdfSync('sha256', bytes, '', label, KEY_BYTES));
}

/** A key of its own for each box: random nonces alone would not do for as many boxes as a key sees. */
function boxKey(key: Uint8Array, salt: Uint8Array): { readonly key: Buffer; readonly nonce: Buffer } {
  const bytes = createHmac('sha512', key).update(salt).digest();
  return { key: bytes.subarray(0, KEY_BYTES), nonce: bytes.subarray(KEY_BYTES, KEY_BYTES + NONCE_BYTES) };
}

function openWith(masterKey: Uint8Array, box: Uint8Array, context: string): Buffer | undefined {
  const { key, nonce } = boxKey(masterKey, box.subarray(1, 1 + SALT_BYTES));
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(context)).setAuthTag(box.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(box.subarray(1 + SALT_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    // Not sealed with this key or in this context, or changed since.
    return undefined;
  }
}
