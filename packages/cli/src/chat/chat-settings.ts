/** What the page was opened with. */
export interface ChatSettings {
  readonly wsUrl: string;
  readonly token: string;
  /** `room:channel`. */
  readonly target: string;
  /** The name that others see. */
  readonly name: string;
}

const DEFAULT_TARGET = 'science:general';

/**
 * Reads the fragment of the page's address, `#ws=…&token=…&room=science:general&name=…`; undefined when the address of
 * the bus or the token is missing. Fragments never leave the browser, so the token reaches no server's log. Who
 * gives no name is called `guestName`.
 */
export function parseChatSettings(fragment: string, guestName: string): ChatSettings | undefined {
  const parameters = new URLSearchParams(fragment.replace(/^#/, ''));
  const wsUrl = parameters.get('ws') ?? '';
  const token = parameters.get('token') ?? '';
  if (wsUrl === '' || token === '') return undefined;
  return {
    wsUrl,
    token,
    target: parameters.get('room') || DEFAULT_TARGET,
    name: (parameters.get('name') ?? '').trim().slice(0, 64) || guestName,
  };
}
