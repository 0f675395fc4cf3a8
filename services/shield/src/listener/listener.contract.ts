import { describe } from 'vitest';
import { cleanUpRigs } from './contract/contract-rig.ts';
import type { ListenerTraits } from './contract/contract-rig.ts';
import { deliveryContract } from './contract/delivery.contract.ts';
import { framesContract } from './contract/frames.contract.ts';
import { fuzzContract } from './contract/fuzz.contract.ts';
import { handshakeContract } from './contract/handshake.contract.ts';
import { lifecycleContract } from './contract/lifecycle.contract.ts';
import { tlsContract } from './contract/tls.contract.ts';

/**
 * The contract of the `Listener` port over raw sockets, TCP or TLS, the same for both adapters (PRT-28, AUT-6). Where engines differ:
 * - violations: `ws` tells the code, `uws` may cut (1006 at the client);
 * - close frames with a bad code, bad UTF-8 or a code of 3000-3999: `ws` answers 1002, 1007 or the code, `uws` an empty
 *   close frame;
 * - unmasked frames: only `ws` refuses them, so they are in `ws-listener.test.ts`, with
 * - number of fragments, time to finish a message, time to finish a handshake: only `ws` as well;
 * - handshakes over 8 KiB: `ws` answers 431, `uws` does so or cuts (its own bounds: 50 headers, 4 KiB when split).
 */
export function listenerContract(traits: ListenerTraits): void {
  const over = traits.tls === undefined ? '' : ' over TLS';
  describe(`listener contract: ${traits.name}${over}`, () => {
    cleanUpRigs();
    handshakeContract(traits);
    framesContract(traits);
    deliveryContract(traits);
    lifecycleContract(traits);
    fuzzContract(traits);
    if (traits.tls !== undefined) tlsContract(traits);
  });
}
