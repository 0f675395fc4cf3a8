import { describe, expect, it } from 'vitest';
import { findRoute } from './find-route.ts';
import type { Route } from './route.ts';

const run = async (): Promise<object> => ({});
const result = { type: 'object' } as const;
const routes: readonly Route[] = [
  { name: 'list', method: 'GET', path: '/v1/rooms/{room}/channels', summary: '', result, run },
  { name: 'create', method: 'POST', path: '/v1/rooms/{room}/channels', summary: '', result, run },
  { name: 'lift', method: 'DELETE', path: '/v1/bans/{user}', summary: '', result, run },
];

describe('the route of a request', () => {
  it('[BRG-1] is found by method and path, with what the path and the query say', () => {
    const found = findRoute(routes, 'GET', '/v1/rooms/lab/channels?limit=2&cursor=a%2Bb');
    expect(found).toMatchObject({ kind: 'found', match: { route: { name: 'list' }, params: { room: 'lab' } } });
    expect(found.kind === 'found' && [...found.match.query]).toEqual([
      ['limit', '2'],
      ['cursor', 'a+b'],
    ]);
  });

  it('[SPN-7] takes any user for a part, decoded after it was cut', () => {
    const found = findRoute(routes, 'DELETE', '/v1/bans/auth0%7C5f7c%2F..%2Fx');
    expect(found).toMatchObject({ match: { params: { user: 'auth0|5f7c/../x' } } });
  });

  it('[BRG-1] is one of another method', () => {
    expect(findRoute(routes, 'PUT', '/v1/rooms/lab/channels')).toEqual({ kind: 'method', allowed: ['GET', 'POST'] });
  });

  it.each([
    '',
    '/',
    '/v1',
    '/v1/rooms//channels',
    '/v1/rooms/lab/channels/',
    '//v1/bans/x',
    '/v1/bans/%',
    '/v1/bans/%ff',
    '*',
  ])('[BRG-1] is none for %j', (url) => expect(findRoute(routes, 'GET', url)).toEqual({ kind: 'none' }));
});
