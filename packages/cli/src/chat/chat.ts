import { BusError, createClient } from '@arqonbus/sdk';
import type { ArqonClient, JoinOptions, Publication, Subscription } from '@arqonbus/sdk';
import { parseChatSettings } from './chat-settings.ts';
import type { ChatSettings } from './chat-settings.ts';
import { createChatView } from './chat-view.ts';
import type { ChatView } from './chat-view.ts';
import { errorWords, NO_SETTINGS, parseChatLine, waitingWords } from './chat-words.ts';

const HISTORY_SHOWN = 50;

/** Runs the page: connects, joins, shows. Everything that goes wrong is told in words on the page. */
async function run(view: ChatView, settings: ChatSettings): Promise<void> {
  view.showSettings(settings.target, settings.name);
  try {
    const client = createClient({
      url: settings.wsUrl,
      token: settings.token,
      clientType: 'human',
      screenName: settings.name,
    });
    listen(client, view);
    await client.connect();
    const channel = await join(client, settings.target);
    converse(client, channel, view, settings);
  } catch (error) {
    view.showProblem(words(error));
  }
}

function listen(client: ArqonClient, view: ChatView): void {
  let wasConnected = false;
  client.on('state', (state) => {
    if (state.kind === 'connected') wasConnected = true;
    const isRefused = state.kind === 'closed' && state.error !== undefined;
    view.showState(state);
    view.showProblem(isRefused ? words(state.error) : waitingWords(state, wasConnected));
    if (state.kind === 'closed') view.allowWriting(false);
  });
  client.on('error', (error) => view.showProblem(errorWords(error)));
}

/** History needs a right of its own; a guest without it joins all the same. */
async function join(client: ArqonClient, target: string): Promise<Subscription> {
  const withHistory: JoinOptions = { history: HISTORY_SHOWN };
  try {
    return await client.join(target, withHistory);
  } catch (error) {
    if (!(error instanceof BusError) || error.code !== 'AUTHORIZATION_ERROR') throw error;
    return client.join(target);
  }
}

function converse(client: ArqonClient, channel: Subscription, view: ChatView, settings: ChatSettings): void {
  const show = ({ payload, sender, timestamp }: Publication): void =>
    view.addMessage(parseChatLine(payload, sender), timestamp);
  channel.joined.history.forEach(show);
  const isQuiet = channel.joined.history.length === 0;
  view.addNotice(`You joined ${settings.target}.${isQuiet ? ' Say hello.' : ''}`);
  channel.on('publication', show);
  channel.on('rejoined', ({ recovered, roomRecovered }) => {
    const isWhole = recovered && roomRecovered !== false;
    view.addNotice(isWhole ? 'Connected again.' : 'Connected again. Messages sent in between are not shown.');
  });
  channel.on('end', ({ error }) => {
    view.allowWriting(false);
    if (error !== undefined && client.state.kind === 'connected') view.showProblem(errorWords(error));
  });
  view.onWrite((text) => void publish(channel, view, { name: settings.name, text }));
  view.allowWriting(true);
}

async function publish(channel: Subscription, view: ChatView, message: { name: string; text: string }): Promise<void> {
  const tell = view.addOwnMessage({ ...message, isRaw: false }, new Date());
  try {
    await channel.publish(message);
    tell({ kind: 'delivered' });
  } catch (error) {
    tell({ kind: 'failed', words: words(error) });
  }
}

function words(error: unknown): string {
  return error instanceof BusError ? errorWords(error) : 'Something unexpected went wrong. Reload the page.';
}

const view = createChatView(document);
const settings = parseChatSettings(location.hash, `guest-${100 + Math.floor(Math.random() * 900)}`);
addEventListener('hashchange', () => location.reload());
if (settings === undefined) view.showProblem(NO_SETTINGS);
else void run(view, settings);
