import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/edit.js';
import { importKronosnetd } from '../../src/config/import-kronosnetd.js';
import { renderConfig } from '../../src/config/render.js';

const KRONOSNETD = `configure
 interface knet0 1 50000
  ip 10.9.0.1 24
  ip fd09::1 64
  mtu 1400
  pmtudfreq 5
  crypto nss aes256 sha256
  peer tokyo 2
   switch-policy round-robin
   link 0 192.0.2.1 192.0.2.2 UDP
    timers 1000 5000
    pong_count 5
    priority 3
    exit
   link 1 192.0.3.1 dynamic SCTP
    timers 5 5
    exit
   exit
  start
  exit
 vty
  timeout 300
  exit
 exit
`;

const OCTOLINK = `interface knet0
 address 10.9.0.1/24
 address fd09::1/64
 mtu 1400
 peer tokyo
  policy round-robin
  link 0
   local 192.0.2.1 port 50002
   remote 192.0.2.2 port 50001
   priority 3
   timers interval 1000 hold 5000
  exit
  link 1
   local 192.0.3.1 port 50002
   remote dynamic
   timers interval 10 hold 30
  exit
 exit
 no shutdown
exit
`;

describe('a configuration of kronosnetd', () => {
  it('becomes one of Octolink, and what could not be taken over is named with its line', () => {
    const { config, remarks } = importKronosnetd(KRONOSNETD);
    expect(renderConfig(config)).toBe(OCTOLINK);
    expect(remarks.map(({ line, text }) => `${line} ${text.trim()}`)).toEqual([
      '6 pmtudfreq 5',
      '7 crypto nss aes256 sha256',
      '8 peer tokyo 2',
      '12 pong_count 5',
      '15 link 1 192.0.3.1 dynamic SCTP',
      '16 timers 5 5',
      '22 timeout 300',
    ]);
  });

  it('gives each end the port that the other one sends to', () => {
    const here = importKronosnetd('interface a 1 50000\n peer b 2\n  link 0 10.0.0.1 10.0.0.2 UDP').config;
    const there = importKronosnetd('interface a 2 50000\n peer a 1\n  link 0 10.0.0.2 10.0.0.1 UDP').config;
    const [one, other] = [here, there].map((config) => config.interfaces[0].peers[0].links[0]);
    expect(one.local).toMatchObject({ port: 50002 });
    expect(other.remote).toMatchObject({ port: 50002 });
    expect(one.remote).toMatchObject({ port: 50001 });
    expect(other.local).toMatchObject({ port: 50001 });
  });

  it.each([
    ['frobnicate', 'unknown here, and left out'],
    ['interface', 'interface is missing; the line is left out'],
    ['interface a 1', 'base port is missing; the line is left out'],
    ['interface a 256 5000', 'node id must be 0-255; the line is left out'],
    ['interface a 1 5000\npeer b 1', 'the peer has the node id of this host, and is left out'],
    ['interface a 1 5000\npeer b 2\nlink 8 1.1.1.1 2.2.2.2 UDP', 'link id must be 0-7; the line is left out'],
    ['interface a 1 5000\npeer b 2\nswitch-policy best', 'there is no policy best; the line is left out'],
    [
      'interface a 1 5000\nip 10.0.0.1',
      'address must be an IPv4 address and prefix such as 10.77.0.1/24; the line is left out',
    ],
  ])('%j is answered by "%s"', (text, message) => {
    const { remarks } = importKronosnetd(text);
    expect(remarks.at(-1)).toMatchObject({ line: text.split('\n').length, message });
  });

  it('keeps its blocks apart when one of them is left out', () => {
    const { config, remarks } = importKronosnetd(
      'interface a 1 5000\npeer b 999\nlink 0 1.1.1.1 2.2.2.2 UDP\nexit\nexit\nmtu 1400\nexit\ninterface c 1 6000',
    );
    expect(config.interfaces).toMatchObject([{ name: 'a', mtu: 1400, peers: [] }, { name: 'c' }]);
    expect(remarks.map(({ line }) => line)).toEqual([2, 3]);
  });

  it('never throws, and what it makes can be read again', () => {
    const word = fc.constantFrom(
      ...'interface peer link ip mtu start exit vty timers priority switch-policy active 0 1 7 300 70000 10.0.0.1 fd00::1 dynamic UDP knet0 __proto__ !'.split(
        ' ',
      ),
    );
    const line = fc.array(word, { maxLength: 5 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
        const { config } = importKronosnetd(lines.join('\n'));
        expect(parseConfig(renderConfig(config)).syntax).toEqual([]);
        expect(renderConfig(parseConfig(renderConfig(config)).config)).toBe(renderConfig(config));
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.string(), (text) => void importKronosnetd(text)),
      { numRuns: 500 },
    );
  });
});
