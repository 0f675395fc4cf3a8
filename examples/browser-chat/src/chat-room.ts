import type { ArqonClient, Publication } from '@arqonbus/sdk';

/** A line of the chat. */
export interface Line {
  readonly id: string;
  readonly name: string;
  readonly text: string;
  readonly at: Date;
}

/** What the page hears of the room. */
export interface RoomListener {
  onLine(line: Line): void;
  /** Who is there, by name. */
  onPeople(names: readonly string[]): void;
  /** Something happened that the reader should know. */
  onNotice(words: string): void;
}

/** A room that was entered. */
export interface ChatRoom {
  say(text: string): Promise<void>;
}

const HISTORY_SHOWN = 30;

/** Enters a room: the last lines first, then each new one once, own ones too, over every lost connection. */
export async function enterRoom(
  client: ArqonClient,
  { target, name }: { readonly target: string; readonly name: string },
  listener: RoomListener,
): Promise<ChatRoom> {
  const room = await client.join(target, { history: HISTORY_SHOWN, presence: true, echo: true });
  const show = (publication: Publication): void => {
    const line = parseLine(publication);
    if (line !== undefined) listener.onLine(line);
  };
  const tellPeople = (): void => {
    const names = [...room.members.values()].map((member) => member.screen_name || member.user);
    listener.onPeople(names.toSorted());
  };
  tellPeople();
  for (const publication of room.joined.history) show(publication);
  room.on('publication', show);
  room.on('presence', tellPeople);
  room.on('rejoined', ({ recovered }) => {
    listener.onNotice(recovered ? 'Connected again, nothing was missed.' : 'Connected again. Some lines are missing.');
  });
  return { say: async (text) => void (await room.publish({ name, text })) };
}

/** Anybody in the room may publish anything: what is no line is left out. */
function parseLine({ payload, id, timestamp }: Publication): Line | undefined {
  const { text, name } = (payload ?? {}) as { readonly text?: unknown; readonly name?: unknown };
  return typeof text === 'string' && typeof name === 'string' ? { id, name, text, at: timestamp } : undefined;
}
