import { serveBrain } from '@arqonbus/spine';
import type { RpcObserver, SpineSubscription } from '@arqonbus/spine';
import { createKey } from './create-key.ts';
import type { KeyParts } from './key-parts.ts';
import { listKeys } from './list-keys.ts';
import { noteUses } from './note-uses.ts';
import { revokeKey } from './revoke-key.ts';
import { rotateKey } from './rotate-key.ts';

/** Serves the keys of servers, which any Brain does (BRG-1). Who may ask is for the asker to know. */
export function serveKeys(parts: KeyParts, observer: RpcObserver): readonly SpineSubscription[] {
  const { spine } = parts;
  return [
    serveBrain(spine, 'keys.create', (request) => createKey(request, parts), observer),
    serveBrain(spine, 'keys.list', (request) => listKeys(request, parts), observer),
    serveBrain(spine, 'keys.rotate', (request) => rotateKey(request, parts), observer),
    serveBrain(spine, 'keys.revoke', (request) => revokeKey(request, parts), observer),
    serveBrain(spine, 'keys.used', (request) => noteUses(request, parts), observer),
  ];
}
