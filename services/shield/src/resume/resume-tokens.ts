import { ResumeTokenSchema, create, readMessage, toBinary } from '@arqonbus/protocol/spine-messages';
import type { ResumeToken } from '@arqonbus/protocol/spine-messages';
import { createSealedBox } from '@arqonbus/runtime';

/** What a token says. */
export type ResumeTokenContent = Omit<ResumeToken, '$typeName' | '$unknown'>;

/** Resume tokens as clients see them: sealed, so that nobody but a Shield can read or make one. */
export interface ResumeTokens {
  seal(content: ResumeTokenContent): string;
  /** Undefined for whatever no Shield with one of the keys has sealed. */
  open(text: string): ResumeToken | undefined;
}

/** Tokens under these keys: the first one seals, all of them open. */
export function createResumeTokens(keys: readonly [Uint8Array, ...Uint8Array[]]): ResumeTokens {
  const box = createSealedBox(keys);
  return {
    seal: (content) => box.seal(toBinary(ResumeTokenSchema, create(ResumeTokenSchema, content))).toString('base64url'),
    open: (text) => {
      const plain = box.open(Buffer.from(text, 'base64url'));
      return plain === undefined ? undefined : readMessage(ResumeTokenSchema, plain);
    },
  };
}
