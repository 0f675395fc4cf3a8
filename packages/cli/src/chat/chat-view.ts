import type { ConnectionState } from '@arqonbus/sdk';
import { stateWords } from './chat-words.ts';
import type { ChatLine } from './chat-words.ts';

/** Messages kept on the page; older ones are taken away. */
const MAX_MESSAGES = 500;

/** A reader this close to the end is at the end. */
const NEAR_END_PX = 80;

/** What became of an own message. */
export type Fate =
  | { readonly kind: 'sending' }
  | { readonly kind: 'delivered' }
  | { readonly kind: 'failed'; readonly words: string };

/** The page. Everything that comes from outside is set as text, never as markup. */
export interface ChatView {
  showSettings(target: string, name: string): void;
  showState(state: ConnectionState): void;
  /** Shows what is wrong; the empty text takes it away. */
  showProblem(words: string): void;
  /** Lets the user write, or not. */
  allowWriting(isAllowed: boolean): void;
  addNotice(words: string): void;
  addMessage(line: ChatLine, time: Date): void;
  /** Adds an own message; the function tells later what became of it. */
  addOwnMessage(line: ChatLine, time: Date): (fate: Fate) => void;
  /** Calls `listener` with what the user wrote. */
  onWrite(listener: (text: string) => void): void;
}

/** The view over the elements of `chat.html`. */
export function createChatView(document: Document): ChatView {
  const messages = elementOf(document, 'messages');
  const text = elementOf(document, 'text') as HTMLInputElement;
  const send = elementOf(document, 'send') as HTMLButtonElement;
  const follow = followEnd(messages);
  let lastAuthor = '';

  function append(item: HTMLElement): void {
    messages.append(item);
    if (messages.childElementCount > MAX_MESSAGES) messages.firstElementChild?.remove();
    follow(item.classList.contains('own'));
  }
  function appendLine(line: ChatLine, time: Date, isOwn: boolean): HTMLElement {
    const item = createLine(document, line, time, isOwn);
    const author = isOwn ? ' own' : line.name;
    if (author === lastAuthor) item.classList.add('follows');
    lastAuthor = author;
    append(item);
    return item;
  }
  return {
    showSettings(target, name) {
      elementOf(document, 'room').textContent = target;
      elementOf(document, 'who').textContent = `You are ${name}`;
      document.title = `${target} – ArqonBus chat`;
    },
    showState(state) {
      const pill = elementOf(document, 'state');
      pill.dataset['kind'] = state.kind;
      pill.textContent = stateWords(state);
    },
    showProblem: (words) => void (elementOf(document, 'problem').textContent = words),
    allowWriting(isAllowed) {
      const wasAllowed = !text.disabled;
      text.disabled = !isAllowed;
      send.disabled = !isAllowed;
      if (isAllowed && !wasAllowed) text.focus();
    },
    addNotice(words) {
      lastAuthor = '';
      append(createElement(document, 'li', 'notice', words));
    },
    addMessage: (line, time) => void appendLine(line, time, false),
    addOwnMessage(line, time) {
      const item = appendLine(line, time, true);
      showFate(item, { kind: 'sending' });
      return (fate) => showFate(item, fate);
    },
    onWrite(listener) {
      elementOf(document, 'composer').addEventListener('submit', (event) => {
        event.preventDefault();
        const written = text.value.trim();
        if (written === '') return;
        text.value = '';
        text.focus();
        listener(written);
      });
    },
  };
}

/**
 * Keeps the youngest message in sight for a reader who is at the end, also when a keyboard or a problem takes room; the
 * function says that a message came, and whether the reader is to be taken to it from anywhere.
 */
function followEnd(messages: HTMLElement): (isForced: boolean) => void {
  let isAtEnd = true;
  const follow = (isForced: boolean): void => {
    if (isAtEnd || isForced) messages.scrollTop = messages.scrollHeight;
  };
  messages.addEventListener('scroll', () => {
    isAtEnd = messages.scrollHeight - messages.scrollTop - messages.clientHeight < NEAR_END_PX;
  });
  new ResizeObserver(() => follow(false)).observe(messages);
  return follow;
}

function createLine(document: Document, line: ChatLine, time: Date, isOwn: boolean): HTMLElement {
  const item = createElement(document, 'li', isOwn ? 'message own' : 'message', '');
  const bubble = createElement(document, 'div', 'bubble', '');
  const clock = createElement(
    document,
    'time',
    '',
    time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }),
  );
  clock.setAttribute('datetime', time.toISOString());
  const foot = createElement(document, 'span', 'foot', '');
  foot.append(clock);
  if (isOwn) foot.append(' ', createElement(document, 'span', 'fate', ''));
  bubble.append(createElement(document, 'p', line.isRaw ? 'text raw' : 'text', line.text), foot);
  item.append(createElement(document, 'span', 'author', line.name), bubble);
  return item;
}

function showFate(item: HTMLElement, fate: Fate): void {
  item.dataset['fate'] = fate.kind;
  item.classList.toggle('failed', fate.kind === 'failed');
  const mark = item.querySelector('.fate');
  if (mark === null) return;
  mark.textContent = fate.kind === 'delivered' ? '✓' : fate.kind === 'sending' ? '…' : `Not delivered. ${fate.words}`;
  mark.setAttribute('role', 'img');
  mark.setAttribute('aria-label', fate.kind === 'failed' ? (mark.textContent ?? '') : fate.kind);
}

function createElement(document: Document, tag: string, className: string, text: string): HTMLElement {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  element.textContent = text;
  return element;
}

function elementOf(document: Document, id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`The page has no element "${id}".`);
  return element;
}
