import { settings } from '@arqonbus/config';
import type { Setting, SettingKey } from '@arqonbus/config';
import { closeCodes, reservedMetadataKeys } from '@arqonbus/protocol';
import type { CloseCode } from '@arqonbus/protocol';
import { closeCodeWords, envelopeFieldWords, systemEventWords } from '@arqonbus/protocol/reference';
import { commandSection, rightsTable } from './command-section.ts';
import { errorIndex } from './error-pages.ts';
import { code, markdownTable } from './markdown-table.ts';
import { connecting, delivery, floods, head, replies, resuming, types } from './protocol-prose.ts';

/** The reference of the client protocol, as Markdown: prose around the tables that the code itself uses (PRT-21). */
export function protocolPage(): string {
  return `${[
    head,
    connecting,
    '## Envelope',
    'One JSON object per text frame; in Protobuf one `arqon.v1.Envelope` (`proto/arqon/v1/envelope.proto`) per binary ' +
      'frame, with the same fields. Unknown fields are ignored and not forwarded.',
    envelopeTable(),
    `Keys of \`metadata\` that only the server sets: ${reservedMetadataKeys.map(code).join(', ')}.`,
    types,
    replies,
    floods,
    delivery,
    resuming,
    '## System messages',
    'A `system` frame has `payload.event`:',
    systemTable(),
    '## Rights',
    'What the role of the token may do where `access.default` is `open`. Permissions of the token add to it or take ' +
      'away. The right `any` needs no more than a session.',
    rightsTable(),
    '## Commands',
    'Besides what is said below, every command may be refused with [`VALIDATION_ERROR`](errors/VALIDATION_ERROR.md), ' +
      '[`RATE_LIMITED`](errors/RATE_LIMITED.md), [`UNAVAILABLE`](errors/UNAVAILABLE.md), ' +
      '[`TIMEOUT`](errors/TIMEOUT.md) and [`INTERNAL_ERROR`](errors/INTERNAL_ERROR.md). Where `room` and `channel` may ' +
      'be left out, the fields of the envelope are meant, else the default target of the connection.',
    commandSection(),
    '## Errors',
    errorIndex('errors/'),
    '## Close codes',
    closeCodeTable(),
    '## Limits',
    'Defaults; [the configuration](configuration.md#limits) sets others, and the welcome frame tells those that a client ' +
      'needs.',
    limitTable(),
  ].join('\n\n')}\n`;
}

function envelopeTable(): string {
  const rows = envelopeFieldWords.map(({ name, type, setBy, on, meaning }) => [code(name), type, setBy, on, meaning]);
  return markdownTable(['field', 'type', 'set by', 'on', ''], rows);
}

function systemTable(): string {
  const rows = Object.entries(systemEventWords).map(([event, { members, meaning }]) => [code(event), members, meaning]);
  return markdownTable(['event', 'members', ''], rows);
}

function closeCodeTable(): string {
  const afterwards = { reconnect: 'yes', reconnect_with_new_token: 'with a new token', stop: 'no' } as const;
  const rows = (Object.keys(closeCodes) as unknown as CloseCode[]).map((closeCode) => {
    const { name, after } = closeCodes[closeCode];
    return [String(closeCode), name, closeCodeWords[closeCode], afterwards[after]];
  });
  return markdownTable(['code', 'name', 'when', 'reconnect'], rows);
}

function limitTable(): string {
  const keys = (Object.keys(settings) as SettingKey[]).filter((key) => key.startsWith('limits.'));
  const rows = keys.map((key) => {
    const setting: Setting = settings[key];
    return [code(key), setting.doc, Number(setting.default).toLocaleString('en')];
  });
  return markdownTable(['limit', '', 'default'], rows);
}
