import { describe, expect, it } from 'vitest';
import type { LinkMtu, PeerMtu } from '../../src/api/index.js';
import { MTUS } from '../../src/cli/output/mtu.js';
import { blocks } from './blocks.js';

const LINK: LinkMtu = {
  link: 0,
  state: 'up',
  search: 'complete',
  mtuBytes: 1500,
  probedBytes: null,
  routeBytes: 1500,
  configuredBytes: null,
  frameBytes: 1434,
  short: false,
};

const PEER: PeerMtu = {
  interface: 'octo0',
  peer: 'osaka',
  tapFrameBytes: 1514,
  mssClamp: true,
  frameBytes: 1234,
  segmentBytes: 1175,
  largestSegmentBytes: 1375,
  extraDatagramsPercent: 17,
  pieces: 2,
  links: [
    LINK,
    {
      ...LINK,
      link: 1,
      search: 'searching',
      mtuBytes: 1300,
      probedBytes: 1358,
      frameBytes: 1234,
      short: true,
    },
  ],
};

describe('show mtu', () => {
  it('names the short link and what it costs', () => {
    expect(blocks(MTUS, [PEER])).toEqual([
      'octo0 peer osaka (bytes)',
      'Link  State  Search      MTU  Probing  Route says  Configured  Whole frame',
      '   0  up     complete   1500        -        1500        auto         1434',
      '   1  up     searching  1300     1358        1500        auto         1234  short',
      'Link 1 is short: TCP segments of 1175 instead of 1375 bytes, 17 % more datagrams.',
      'Frames above 1234 bytes travel in pieces, a full one of 1514 in 2 pieces.',
      'TCP is kept below that by its MSS.',
    ]);
  });

  it('says when TCP is cut as well, and when nothing is', () => {
    expect(blocks(MTUS, [{ ...PEER, mssClamp: false }]).at(-1)).toContain('"no mss-clamp" is set');
    const wide = { ...PEER, frameBytes: 8934, pieces: 1, links: [LINK] };
    expect(blocks(MTUS, [wide]).slice(-1)).toEqual(['Every frame goes in one datagram.']);
  });

  it('makes up no numbers while no link is up', () => {
    const down: PeerMtu = {
      ...PEER,
      frameBytes: null,
      segmentBytes: null,
      largestSegmentBytes: null,
      extraDatagramsPercent: null,
      pieces: null,
    };
    expect(blocks(MTUS, [down]).at(-1)).toBe('No link is up.');
    expect(blocks(MTUS, [])).toEqual(['No peers are configured.']);
  });
});
