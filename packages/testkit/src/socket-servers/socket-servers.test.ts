import { expect, it } from 'vitest';
import { socketServers } from './socket-servers.ts';

it('[ARC-8] tests run on both socket servers on Node 20, and say nothing', () => {
  const said: string[] = [];
  expect(socketServers('115', (line) => said.push(line))).toEqual(['uws', 'ws']);
  expect(said).toEqual([]);
});

it('[ARC-8] tests run on ws alone on Node 24, and say so', () => {
  const said: string[] = [];
  expect(socketServers('137', (line) => said.push(line))).toEqual(['ws']);
  expect(said).toHaveLength(1);
  expect(said[0]).toContain('Not tested on uWebSockets.js');
});
