/**
 * What comes in by links: that they were heard, that frames came, and messages about links, which are handed on by their
 * kind. All of them travel sealed, under the peer's session and the stream of the link they concern.
 */
import { DROP } from '../../contract/drops.js';
import type { Datagram } from '../../state/datagram.js';
import { BANDWIDTH_TEST } from '../../wire/bandwidth-test.js';
import { ECHO } from '../../wire/echo.js';
import { KIND } from '../../wire/header.js';
import { SHORTEST_HEARTBEAT } from '../../wire/heartbeat.js';
import { MEMBER } from '../../wire/member.js';
import { MTU_PROBE } from '../../wire/mtu-probe.js';
import { NACK } from '../../wire/nack.js';
import { NOTICE } from '../../wire/notice.js';
import { OWN_ADDRESS } from '../../wire/own-address.js';
import { PATH_CHECK } from '../../wire/path-check.js';
import { REPORT } from '../../wire/report.js';
import { STATION_LEFT } from '../../wire/station-left.js';
import type { LinkBase } from '../ports.js';
import type { Liveness } from './liveness.js';
import type { Reports } from './reports.js';

/** Whoever takes messages of a kind; they are long enough. */
export interface Reader {
  heard(datagram: Datagram): void;
}

/** Readers of the messages about links. */
export interface Readers {
  readonly heartbeats: Reader;
  readonly mtu: Reader;
  readonly notices: Reader;
  readonly paths: Reader;
  readonly echoes: Reader;
  readonly reports: Reader;
  readonly nacks: Reader;
  readonly members: Reader;
  readonly stations: Reader;
  readonly bandwidth: Reader;
}

export class LinkControl {
  /** By kind: the fewest bytes that a message has, and its reader. */
  private readonly kinds: { bytes: number; reader: Reader }[] = [];

  constructor(
    private readonly base: LinkBase,
    private readonly liveness: Liveness,
    private readonly reports: Reports,
    readers: Readers,
  ) {
    this.kinds[KIND.HEARTBEAT] = { bytes: SHORTEST_HEARTBEAT, reader: readers.heartbeats };
    this.kinds[KIND.MTU_PROBE] = { bytes: MTU_PROBE.BYTES, reader: readers.mtu };
    this.kinds[KIND.NOTICE] = { bytes: NOTICE.BYTES, reader: readers.notices };
    this.kinds[KIND.PATH_CHECK] = { bytes: PATH_CHECK.BYTES, reader: readers.paths };
    this.kinds[KIND.PATH_ANSWER] = { bytes: PATH_CHECK.BYTES, reader: readers.paths };
    this.kinds[KIND.ECHO] = { bytes: ECHO.BYTES, reader: readers.echoes };
    this.kinds[KIND.REPORT] = { bytes: REPORT.BYTES, reader: readers.reports };
    this.kinds[KIND.NACK] = { bytes: NACK.BYTES, reader: readers.nacks };
    this.kinds[KIND.MEMBER] = { bytes: MEMBER.BYTES, reader: readers.members };
    this.kinds[KIND.STATION_LEFT] = { bytes: STATION_LEFT.BYTES, reader: readers.stations };
    this.kinds[KIND.OWN_ADDRESS] = { bytes: OWN_ADDRESS.BYTES, reader: readers.paths };
    this.kinds[KIND.BANDWIDTH_TEST] = { bytes: BANDWIDTH_TEST.BYTES, reader: readers.bandwidth };
  }

  /** Something authentic came by a link. */
  heard(link: number, now: number): void {
    this.liveness.heard(link, now);
  }

  /** A frame came by a link whose sender wants reports. */
  frameCame(link: number, now: number): void {
    this.reports.frameCame(link, now);
  }

  /** Takes an authentic message that is no frame. */
  handle(datagram: Datagram): void {
    const known = this.kinds[this.base.arena.bytes[datagram.body]];
    if (known === undefined) this.base.drops.message(DROP['unknown-kind'], datagram);
    else if (datagram.end - datagram.body < known.bytes) this.base.drops.message(DROP.malformed, datagram);
    else known.reader.heard(datagram);
  }
}
