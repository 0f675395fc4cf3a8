/** How a text is fetched. */
export interface BoundedFetchOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/**
 * Fetches a small text: status 200, no redirect, UTF-8, at most `maxBytes` after decompression, all of it within
 * `timeoutMs`. Anything else throws.
 */
export async function fetchBoundedText(url: URL, options: BoundedFetchOptions): Promise<string> {
  const response = await options.fetch(url, {
    redirect: 'error',
    headers: { accept: 'application/jwk-set+json, application/json' },
    signal: AbortSignal.timeout(options.timeoutMs),
  });
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel();
    throw new Error(`answered ${response.status}`);
  }
  const bytes = await readAtMost(response.body, options.maxBytes);
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

async function readAtMost(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.length;
    if (size > maxBytes) {
      await reader.cancel();
      throw new Error('the answer is too large');
    }
    chunks.push(part.value);
  }
  return Buffer.concat(chunks, size);
}
