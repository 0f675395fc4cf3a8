/** By what the result of a list asks for the page after; nothing where that was the last one. */
export function nextPage({ cursor }: { readonly cursor: string }): { readonly cursor?: string } {
  return cursor === '' ? {} : { cursor };
}
