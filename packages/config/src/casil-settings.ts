/** What is done about a finding of a content inspection (CAS-5). */
export type CasilAction = 'allow' | 'redact' | 'block';

/** Settings of the inspection of content (05, "CASIL"), which `packages/casil` carries out. */
export const casilSettings = {
  'casil.enabled': {
    kind: 'boolean',
    default: false,
    live: true,
    doc: 'Inspect the content of messages (CAS-1; docs/casil.md).',
  },
  'casil.mode': {
    kind: 'enum',
    values: ['monitor', 'enforce'],
    default: 'monitor',
    live: true,
    doc: 'monitor = tell what would be done; enforce = block and redact.',
  },
  'casil.default_decision': {
    kind: 'enum',
    values: ['block', 'allow'],
    default: 'block',
    live: true,
    doc: 'What happens to a message when its inspection fails, while enforcing (CAS-7).',
  },
  'casil.scope_include': {
    kind: 'list',
    default: [],
    doc: 'Globs on room:channel that are inspected; none = everything.',
  },
  'casil.scope_exclude': { kind: 'list', default: [], doc: 'Globs on room:channel that are not; wins over include.' },
  'casil.max_payload_bytes': {
    kind: 'integer',
    default: 1_048_576,
    min: 1,
    max: 1_048_576,
    doc: 'Larger payloads are refused while enforcing.',
  },
  'casil.max_inspect_bytes': {
    kind: 'integer',
    default: 65_536,
    min: 256,
    max: 1_048_576,
    doc: 'Bytes of each part of a message that are inspected (CAS-2).',
  },
  'casil.max_patterns': {
    kind: 'integer',
    default: 32,
    min: 0,
    max: 32,
    doc: 'Most patterns that redaction_patterns may hold (CAS-2).',
  },
  'casil.block_on_probable_secret': {
    kind: 'boolean',
    default: true,
    live: true,
    doc: 'false = secrets that would be blocked are redacted.',
  },
  'casil.redaction_paths': {
    kind: 'list',
    default: [
      'password',
      'passwd',
      'secret',
      'token',
      'api_key',
      'apikey',
      'authorization',
      'private_key',
      'client_secret',
    ],
    doc: 'Members to redact: names at any depth, or JSON pointers in which * stands for any step.',
  },
  'casil.redaction_patterns': {
    kind: 'list',
    default: [],
    doc: 'Expressions after RE2 whose matches in text are redacted; with commas in them, write a JSON list.',
  },
  'casil.transport_redaction': {
    kind: 'boolean',
    default: true,
    live: true,
    doc: 'Redact what is delivered, while enforcing; false = only block.',
  },
  'casil.metadata_to_logs': {
    kind: 'boolean',
    default: true,
    live: true,
    doc: 'Log decisions about content, never content.',
  },
  'casil.metadata_to_telemetry': {
    kind: 'boolean',
    default: true,
    live: true,
    doc: 'Tell decisions about content as casil_decision events.',
  },
  'casil.metadata_to_envelope': {
    kind: 'boolean',
    default: false,
    live: true,
    doc: 'Deliver the classification in metadata.casil (CAS-8).',
  },
  'casil.never_log_payload_for': {
    kind: 'list',
    default: [],
    doc: 'Globs on room:channel about whose content nothing is logged or told; delivery is the same.',
  },
  'casil.detectors': {
    kind: 'actions',
    default: {},
    doc: 'Actions by detector (docs/casil-detectors.md): `email=redact,jwt=allow`, in the file a map.',
  },
  'casil.views': {
    kind: 'list',
    default: [],
    doc: 'Who sees what others see redacted (CAS-12): `role:moderator=card_number+iban`, `capability:<name>=…`, `grant=*`.',
  },
  'casil.partial': {
    kind: 'enum',
    values: ['block', 'allow'],
    default: 'block',
    live: true,
    doc: 'Content of which only a part was inspected, while enforcing.',
  },
  'casil.opaque': {
    kind: 'enum',
    values: ['block', 'allow'],
    default: 'block',
    live: true,
    doc: 'Content that is no text, while enforcing.',
  },
} as const;
