import { describe, expect, it } from 'vitest';
import type { UpgradeRequest } from '../listener/listener.ts';
import { negotiate } from './negotiation.ts';

const request: UpgradeRequest = {
  path: '/v1/socket',
  query: '',
  origin: '',
  authorization: '',
  forwardedFor: '',
  remoteAddress: '203.0.113.9',
  protocols: [],
};
const token = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2ln';

describe('the wire format', () => {
  it.each([
    { protocols: [], format: 'json', protocol: '' },
    { protocols: ['arqon.v1.json'], format: 'json', protocol: 'arqon.v1.json' },
    { protocols: ['arqon.v1.proto'], format: 'proto', protocol: 'arqon.v1.proto' },
    { protocols: ['arqon.v2.json', 'arqon.v1.proto', 'arqon.v1.json'], format: 'proto', protocol: 'arqon.v1.proto' },
    { protocols: ['graphql-ws', 'arqon.v1.json'], format: 'json', protocol: 'arqon.v1.json' },
  ])('[PRT-1] of $protocols is $format', ({ protocols, format, protocol }) => {
    expect(negotiate({ ...request, protocols }, { queryToken: false })).toMatchObject({ ok: true, format, protocol });
  });

  it.each([[['arqon.v2.json']], [['graphql-ws', 'mqtt']], [['ARQON.V1.JSON']], [['arqon.v1.json ']]])(
    '[PRT-1] of %j is none',
    (protocols) => {
      expect(negotiate({ ...request, protocols }, { queryToken: false }).ok).toBe(false);
    },
  );
});

describe('the token', () => {
  it.each(['Bearer', 'bearer', 'BEARER  '])('[PRT-2] comes in the header, after %j', (scheme) => {
    const outcome = negotiate({ ...request, authorization: `${scheme} ${token}` }, { queryToken: false });
    expect(outcome).toMatchObject({ ok: true, token, isTokenInSubprotocol: false });
  });

  it.each(['', 'Bearer', 'Basic YWRhOnB3', token])('[PRT-2] is not in the header %j', (authorization) => {
    expect(negotiate({ ...request, authorization }, { queryToken: false })).toMatchObject({ ok: true, token: '' });
  });

  it('[PRT-2] comes as a subprotocol of browsers, and is never the one that is echoed', () => {
    for (const protocols of [
      ['arqon.v1.json', `bearer.${token}`],
      [`bearer.${token}`, 'arqon.v1.json'],
    ]) {
      expect(negotiate({ ...request, protocols }, { queryToken: false })).toMatchObject({
        ok: true,
        protocol: 'arqon.v1.json',
        token,
        isTokenInSubprotocol: true,
      });
    }
  });

  it('[PRT-2] as the only subprotocol is refused, and the refusal does not repeat it', () => {
    const outcome = negotiate({ ...request, protocols: [`bearer.${token}`] }, { queryToken: false });
    expect(outcome.ok).toBe(false);
    expect(JSON.stringify(outcome)).not.toContain(token);
  });

  it('[PRT-2] in the query counts only where that is switched on', () => {
    const withQuery = { ...request, query: `room=science&token=${token}` };
    expect(negotiate(withQuery, { queryToken: false })).toMatchObject({ token: '' });
    expect(negotiate(withQuery, { queryToken: true })).toMatchObject({ token });
    expect(negotiate(request, { queryToken: true })).toMatchObject({ token: '' });
    const both = { ...withQuery, authorization: 'Bearer other' };
    expect(negotiate(both, { queryToken: true })).toMatchObject({ token: 'other' });
  });
});
