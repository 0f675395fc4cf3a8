import { BusError, createClient } from '@arqonbus/sdk';
import { enterRoom } from './chat-room.ts';
import type { Line } from './chat-room.ts';

/** What the backend of the page gave for this user. */
interface Session {
  readonly url: string;
  readonly token: string;
}

const query = new URLSearchParams(location.search);
const target = query.get('room') ?? 'science:general';
const name = query.get('name') ?? `guest-${100 + Math.floor(Math.random() * 900)}`;

try {
  await chat();
} catch (error) {
  notice(error instanceof BusError ? error.message : 'The chat could not be started.');
}

async function chat(): Promise<void> {
  element('room').textContent = target;
  const client = createClient({
    url: (await session()).url,
    // Asked again whenever a token runs out.
    token: async () => (await session()).token,
    clientType: 'human',
    screenName: name,
  });
  client.on('state', ({ kind }) => void (element('state').dataset['kind'] = kind));
  await client.connect();
  const room = await enterRoom(client, { target, name }, { onLine: show, onPeople: showPeople, onNotice: notice });
  const text = element('text') as HTMLInputElement;
  element('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    const said = text.value.trim();
    text.value = '';
    if (said !== '') room.say(said).catch((error: BusError) => notice(`Not sent: ${error.message}`));
  });
  text.disabled = false;
  text.focus();
}

async function session(): Promise<Session> {
  return (await (await fetch('/session')).json()) as Session;
}

// Everything that others wrote is set as text, never as markup.

function show({ name: author, text, at }: Line): void {
  const line = create('li', author === name ? 'line own' : 'line', '');
  const badge = create('span', 'badge', author.slice(0, 1).toUpperCase());
  badge.style.setProperty('--hue', String(hueOf(author)));
  const body = create('div', 'body', '');
  const time = create('time', '', at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }));
  const head = create('div', 'head', '');
  head.append(create('strong', '', author), time);
  body.append(head, create('p', '', text));
  line.append(badge, body);
  append(line);
}

/** A colour of one's own, in degrees. */
function hueOf(author: string): number {
  return [...author].reduce((hue, char) => (hue * 31 + (char.codePointAt(0) ?? 0)) % 360, 0);
}

function showPeople(names: readonly string[]): void {
  element('count').textContent = String(names.length);
  element('people').replaceChildren(...names.map((person) => create('li', '', person)));
}

function notice(words: string): void {
  append(create('li', 'notice', words));
}

function append(item: HTMLElement): void {
  element('lines').append(item);
  item.scrollIntoView({ block: 'end' });
}

function create(tag: string, className: string, text: string): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no element "${id}".`);
  return found;
}
