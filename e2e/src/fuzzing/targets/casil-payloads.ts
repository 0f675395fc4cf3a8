import { isDeepStrictEqual } from 'node:util';
import { DEFAULT_CASIL_SETTINGS, createCasilPolicy, inspectEnvelope, viewPublication } from '@arqonbus/casil';
import type { CasilPolicy } from '@arqonbus/casil';
import { createEnvelope } from '@arqonbus/protocol';
import type { FuzzTarget } from '../fuzz-target.ts';
import { mutateBytes, mutateText } from '../mutations.ts';

const policy = createPolicy();
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Not in one piece: this is no key, and nobody should have to look. */
const PRIVATE_KEY = ['PRIVATE', 'KEY'].join(' ');

/** What people send, and what must not be seen: cut, repeated and put into each other. */
const texts = [
  '{"text":"my card is 4111 1111 1111 1111, thanks","to":["lena@example.org"]}',
  '{"password":"hunter2","nested":{"api_key":[1,{"token":"x"}],"ok":true}}',
  '{"iban":"DE89 3704 0044 0532 0130 00","n":378282246310005,"e":1e308}',
  `{"key":"${['AKIA', 'Q3EGRZ7XUWL5P2MN'].join('')}","\\u0070assword":"\\u0061"}`,
  `"-----BEGIN ${PRIVATE_KEY}-----\\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\\n-----END ${PRIVATE_KEY}-----"`,
  '[{"deep":[[[[["4000056655665556"]]]]]},"ＡＫＩＡ","a\\u200bb",null,false,-0.0]',
];

/** Payloads: whatever they are, there is one decision, the same each time, and what is let on is clean and whole (CAS-3, CAS-6, SAF-6). */
export const casilPayloads: FuzzTarget = {
  name: 'casil-payloads',
  make: (random) => {
    const text = mutateText(texts[random(texts.length)] ?? '', random);
    return random(8) === 0 ? mutateBytes(encoder.encode(text), random) : encoder.encode(text);
  },
  check: (payload) => {
    // Else the decode stage has refused it.
    if (!isJson(payload)) return;
    const envelope = eventOf(payload);
    const decision = inspectEnvelope(envelope, policy);
    if (!isDeepStrictEqual(decision, inspectEnvelope(envelope, policy)))
      throw new Error('it decides otherwise each time');
    if (decision.outcome !== 'ALLOW_WITH_REDACTION') return;
    const shown = [
      decision.rewritten.payload,
      ...viewPublication(envelope, decision, policy).map((view) => view.payload),
    ];
    for (const bytes of shown) if (bytes === undefined || !isJson(bytes)) throw new Error('what is shown is no JSON');
    const again = inspectEnvelope(eventOf(decision.rewritten.payload ?? payload), policy);
    if (again.outcome === 'ALLOW_WITH_REDACTION' && isDeepStrictEqual(again.rewritten, decision.rewritten)) {
      throw new Error('redacting changes nothing and is not clean');
    }
  },
};

function createPolicy(): CasilPolicy {
  const made = createCasilPolicy({
    ...DEFAULT_CASIL_SETTINGS,
    enabled: true,
    mode: 'enforce',
    detectors: { email: 'redact' },
    redactionPatterns: ['case-[0-9]+'],
    views: ['role:moderator=card_number', 'grant=*'],
  });
  if (made.ok) return made.policy;
  throw new Error(JSON.stringify(made.problems));
}

function eventOf(payload: Uint8Array): ReturnType<typeof createEnvelope> {
  return { ...createEnvelope('event'), room: 'science', channel: 'general', payload };
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(decoder.decode(bytes));
    return true;
  } catch {
    return false;
  }
}
