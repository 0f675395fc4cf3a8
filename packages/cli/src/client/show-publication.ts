import type { Publication } from '@arqonbus/sdk';

/** Prints a publication as one line: for people, its payload alone (`raw`), or all of it as JSON; bytes as base64. */
export function showPublication(
  publication: Publication,
  { raw, json }: { readonly raw: boolean; readonly json: boolean },
): void {
  const { timestamp, sender, payload, seq } = publication;
  const text = payload instanceof Uint8Array ? Buffer.from(payload).toString('base64') : JSON.stringify(payload);
  if (json)
    process.stdout.write(
      `${JSON.stringify({ ...publication, payload: payload instanceof Uint8Array ? text : payload })}\n`,
    );
  else if (raw) process.stdout.write(`${text}\n`);
  else process.stdout.write(`${timestamp.toISOString()} ${sender}${seq === undefined ? '' : ` #${seq}`} ${text}\n`);
}
