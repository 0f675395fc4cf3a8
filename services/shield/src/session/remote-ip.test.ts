import { isIP } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRemoteIp } from './remote-ip.ts';

const remoteIp = createRemoteIp(['10.0.0.0/8', '192.168.7.1', '2001:db8:ffff::/48']);

describe('the address that limits count', () => {
  it.each([
    { why: 'no proxy', peer: '203.0.113.9', chain: '', is: '203.0.113.9' },
    { why: 'a header from nobody we trust', peer: '203.0.113.9', chain: '198.51.100.1', is: '203.0.113.9' },
    { why: 'an address beside a trusted one', peer: '192.168.7.2', chain: '198.51.100.1', is: '192.168.7.2' },
    { why: 'one trusted proxy', peer: '10.1.2.3', chain: '198.51.100.1', is: '198.51.100.1' },
    {
      why: 'a chain of trusted proxies',
      peer: '10.1.2.3',
      chain: '198.51.100.1, 10.9.9.9,192.168.7.1',
      is: '198.51.100.1',
    },
    {
      why: 'a client that wrote the header first',
      peer: '10.1.2.3',
      chain: '1.1.1.1, 8.8.8.8, 198.51.100.1',
      is: '198.51.100.1',
    },
    {
      why: 'a client that claims to be a proxy',
      peer: '10.1.2.3',
      chain: '1.1.1.1, 10.6.6.6, 198.51.100.1',
      is: '198.51.100.1',
    },
    { why: 'trusted hops alone', peer: '10.1.2.3', chain: '10.4.4.4, 10.5.5.5', is: '10.4.4.4' },
    { why: 'rubbish nearest to us', peer: '10.1.2.3', chain: '198.51.100.1, unknown', is: '10.1.2.3' },
    { why: 'rubbish behind a trusted hop', peer: '10.1.2.3', chain: '_hidden, 10.5.5.5', is: '10.5.5.5' },
    { why: 'an empty element', peer: '10.1.2.3', chain: '198.51.100.1,', is: '10.1.2.3' },
    { why: 'IPv6', peer: '2001:db8:ffff::1', chain: '2001:db8:1::7', is: '2001:db8:1::/64' },
    { why: 'IPv6 in capitals with a zone', peer: '10.1.2.3', chain: 'FE80::A%eth0', is: 'fe80::/64' },
    { why: 'an IPv4 address in IPv6 clothes', peer: '10.1.2.3', chain: '::ffff:198.51.100.1', is: '198.51.100.1' },
    {
      why: 'a trusted proxy in IPv6 clothes',
      peer: '10.1.2.3',
      chain: '198.51.100.1, ::FFFF:10.8.8.8',
      is: '198.51.100.1',
    },
    { why: 'IPv6 from nobody we trust', peer: '2001:db8:fffe::1', chain: '198.51.100.1', is: '2001:db8:fffe::/64' },
    { why: 'another address of its network', peer: '2001:db8:fffe:0:dead::2', chain: '', is: '2001:db8:fffe::/64' },
    { why: 'a network beside it', peer: '2001:db8:fffe:1::1', chain: '', is: '2001:db8:fffe:1::/64' },
    { why: 'IPv4 that was translated', peer: '64:ff9b::c633:6401', chain: '', is: '64:ff9b::c633:6401' },
  ])('[PRT-27] N-08: with $why is $is', ({ peer, chain, is }) => {
    expect(remoteIp(peer, chain)).toBe(is);
  });

  it('[PRT-27] N-08: cannot be dodged by growing the header', () => {
    const chain = Array.from({ length: 500 }, (_, i) => `198.51.100.${i % 255}`).join(', ');
    expect(remoteIp('10.1.2.3', `${chain}, 203.0.113.50`)).toBe('203.0.113.50');
  });

  it('[PRT-27] N-08: without trusted proxies is always the peer', () => {
    expect(createRemoteIp([])('10.1.2.3', '198.51.100.1')).toBe('10.1.2.3');
  });
});

describe('an address of IPv6', () => {
  it('[PRT-27] N-08: counts as a network, however it is written, and is never too odd for that (property)', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const network = remoteIp('10.1.2.3', address);
        expect(isIP(network.replace(/\/64$/, ''))).not.toBe(0);
        // What is a network already is one of itself.
        expect(remoteIp('10.1.2.3', network.replace(/\/64$/, ''))).toBe(network);
      }),
    );
  });
});
