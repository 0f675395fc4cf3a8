/** Items in pages whose JSON is about this long, at least one on each; no items make one empty page. */
export function pagesByBytes<T>(items: readonly T[], pageBytes: number): readonly (readonly T[])[] {
  const pages: T[][] = [[]];
  let bytes = 0;
  for (const item of items) {
    const itemBytes = Buffer.byteLength(JSON.stringify(item));
    if (bytes > 0 && bytes + itemBytes > pageBytes) {
      pages.push([]);
      bytes = 0;
    }
    pages.at(-1)?.push(item);
    bytes += itemBytes;
  }
  return pages;
}
