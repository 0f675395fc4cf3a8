/** What a page asks the next one by; nothing for the first. */
export type More = { readonly cursor?: string };

/**
 * Asks for page after page until there are no more, each once the one before was used. Throws what asking throws.
 *
 * @yields each page.
 */
export async function* pagesOf<Page extends More>(
  ask: (more: More) => Promise<Page>,
): AsyncGenerator<Page, void, void> {
  let more: More = {};
  for (;;) {
    const page = await ask(more);
    yield page;
    if (page.cursor === undefined) return;
    more = { cursor: page.cursor };
  }
}
