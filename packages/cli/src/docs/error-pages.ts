import { errorTable } from '@arqonbus/protocol';
import type { ErrorCode } from '@arqonbus/protocol';
import { errorWords } from '@arqonbus/protocol/reference';
import type { ErrorExample } from '@arqonbus/protocol/reference';
import { code, markdownTable } from './markdown-table.ts';

const codes = Object.keys(errorTable) as ErrorCode[];

/** Codes, what they mean and where more is said, for the protocol reference. `folder` leads to the pages. */
export function errorIndex(folder: string): string {
  const rows = codes.map((name) => {
    const { text, httpStatus, isRetryable } = errorTable[name];
    return [`[\`${name}\`](${folder}${name}.md)`, text, String(httpStatus), isRetryable ? 'yes' : ''];
  });
  return markdownTable(['code', 'meaning', 'HTTP', 'try again unchanged'], rows);
}

/** The page of each error code by its file name. */
export function errorPages(): ReadonlyMap<string, string> {
  return new Map(codes.map((name) => [`${name}.md`, errorPage(name)]));
}

function errorPage(name: ErrorCode): string {
  const { text, httpStatus, isRetryable } = errorTable[name];
  const { cause, action, connection = 'Goes on.', example } = errorWords[name];
  const facts = [
    ['HTTP status', String(httpStatus)],
    ['the same request again', isRetryable ? 'may succeed later' : 'gives the same answer'],
    ['the connection', connection],
  ];
  return `${[
    `# ${name}`,
    `"${text}"`,
    markdownTable(['', ''], facts),
    `**Why.** ${cause}`,
    `**What to do.** ${action}`,
    ...(example === undefined ? [] : [exampleText(name, example)]),
    '[All codes](../protocol.md#errors). Made by `npm run docs` from the table of codes; do not edit.',
  ].join('\n\n')}\n`;
}

function exampleText(name: ErrorCode, { role, frames }: ErrorExample): string {
  const who = role === 'user' ? 'a user' : role === 'admin' ? 'an administrator' : 'a moderator';
  const what = frames.length === 1 ? 'This, sent by' : 'The last of these, sent one after the other by';
  const block = ['```text', ...frames.map((frame) => JSON.stringify(frame)), '```'].join('\n');
  return `**Example.** ${what} ${who}, is refused with ${code(name)}:\n\n${block}`;
}
