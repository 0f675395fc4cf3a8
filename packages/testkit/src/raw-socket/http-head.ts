/** The head of an HTTP response. */
export interface HttpHead {
  readonly status: number;
  readonly statusText: string;
  /** By lower-case name; repeated ones are joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** What came after the head in the same bytes. */
  readonly rest: Buffer;
}

/** Reads a response head; undefined while it is not complete. */
export function parseHttpHead(bytes: Buffer): HttpHead | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) {
    return undefined;
  }
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const [, status = '0', ...text] = statusLine.split(' ');
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return { status: Number(status), statusText: text.join(' '), headers, rest: bytes.subarray(end + 4) };
}
