import { expect, it } from 'vitest';
import { parseChatSettings } from './chat-settings.ts';

it('reads the address, the token, the channel and the name from the fragment', () => {
  const fragment =
    '#ws=ws%3A%2F%2F127.0.0.1%3A7420%2Fv1%2Fsocket&token=eyJ.a-b_c.d&room=ops%3Aalerts&name=Ada+%26+S%C3%B8n';
  expect(parseChatSettings(fragment, 'guest-7')).toEqual({
    wsUrl: 'ws://127.0.0.1:7420/v1/socket',
    token: 'eyJ.a-b_c.d',
    target: 'ops:alerts',
    name: 'Ada & Søn',
  });
});

it('has a channel and a name for those who give none', () => {
  expect(parseChatSettings('#ws=ws://h&token=t&name=%20', 'guest-7')).toMatchObject({
    target: 'science:general',
    name: 'guest-7',
  });
});

it.each(['', '#', '#ws=ws://h', '#token=t', '#ws=&token='])('has no settings in %j', (fragment) => {
  expect(parseChatSettings(fragment, 'guest-7')).toBeUndefined();
});
