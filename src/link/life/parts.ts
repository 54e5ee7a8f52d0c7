/** The parts of the links, made in order: each gets what it needs when it is made. */

import type { RowOwner } from '../../state/owners.js';
import type { Directs } from '../../switch/directs.js';
import { Deciders } from '../choice/deciders.js';
import { Adaptive } from '../lane/adaptive.js';
import { FlowTable } from '../lane/flows.js';
import { Lanes } from '../lane/lanes.js';
import { NackReader, Nacks } from '../lane/nacks.js';
import type { LinkBase } from '../ports.js';
import { BandwidthTests } from './bandwidth-tests.js';
import { CapacityProbe } from './capacity-probe.js';
import { LinkChanges } from './changes.js';
import { LinkControl } from './control.js';
import { DirectWays } from './direct-ways.js';
import { Echoes } from './echoes.js';
import { EventLimit } from './event-limit.js';
import { HeartbeatReader, Heartbeats } from './heartbeats.js';
import { LinkLife } from './life.js';
import { Liveness } from './liveness.js';
import { Members } from './members.js';
import { MtuControl } from './mtu-control.js';
import { NoticeReader, Notices } from './notices.js';
import { OwnAddresses } from './own-addresses.js';
import { Pace } from './pace.js';
import { Placement } from './placement.js';
import { Refusals } from './refusals.js';
import { ReportReader, Reports } from './reports.js';
import { Roaming } from './roaming.js';
import { RunTrial } from './run-trial.js';
import { Segmentation } from './segmentation.js';
import { Traces } from './traces.js';
import { Unreachable } from './unreachable.js';
import { UntoldLosses } from './untold.js';
import { Uplinks } from './uplinks.js';

export class LinkParts {
  readonly deciders: Deciders;
  readonly liveness: Liveness;
  readonly pace: Pace;
  readonly beats: Heartbeats;
  readonly flows: FlowTable;
  readonly lanes: Lanes;
  readonly adaptive: Adaptive;
  readonly nacks: Nacks;
  readonly notices: Notices;
  readonly uplinks: Uplinks;
  readonly refusals: Refusals;
  readonly directs: DirectWays;
  readonly members: Members;
  readonly changes: LinkChanges;
  readonly life: LinkLife;
  readonly mtu: MtuControl;
  readonly segmentation: Segmentation;
  readonly echoes: Echoes;
  readonly traces: Traces;
  readonly unreachable: Unreachable;
  readonly bandwidth: BandwidthTests;
  readonly placement: Placement;
  readonly roaming: Roaming;
  readonly control: LinkControl;
  readonly owners: readonly RowOwner[];

  /** `seed`: two random words that key the hash of flows. `tap`: index of the TAP's interface. */
  constructor(base: LinkBase, seed: readonly [number, number], tap: number, directs: Directs) {
    const { tables } = base;
    this.deciders = new Deciders(tables);
    this.liveness = new Liveness(tables);
    this.flows = new FlowTable(seed);
    this.lanes = new Lanes(tables.peers, tables.sessions, base.stats);
    this.pace = new Pace(tables.links, base.stats);
    const reports = new Reports(base);
    const { liveness, deciders, lanes, pace } = this;
    const beats = new Heartbeats(base, liveness, deciders.drains, lanes, reports, pace);
    this.beats = beats;
    this.adaptive = new Adaptive(base, this.lanes, this.flows, beats);
    this.nacks = new Nacks(base);
    const untold = new UntoldLosses();
    this.notices = new Notices(base, untold);
    this.uplinks = new Uplinks(base, this.deciders.selection, beats);
    this.refusals = new Refusals(base, liveness, this.uplinks);
    this.directs = new DirectWays(base, directs, this.uplinks);
    this.changes = new LinkChanges(base, deciders, liveness, this.notices, this.directs, pace);
    this.segmentation = new Segmentation(base);
    this.placement = new Placement(base, tap, this.segmentation);
    const addresses = new OwnAddresses(base, this.placement);
    this.life = new LinkLife(
      base,
      this.deciders,
      this.liveness,
      this.changes,
      beats,
      this.placement,
      addresses,
    );
    const trains = new CapacityProbe(base, lanes);
    this.traces = new Traces(base);
    this.unreachable = new Unreachable(base);
    this.mtu = new MtuControl(base, this.changes, trains, this.traces);
    const limit = new EventLimit();
    this.echoes = new Echoes(base, limit);
    this.bandwidth = new BandwidthTests(base, limit);
    this.members = new Members(base, directs, limit);
    this.roaming = new Roaming(base, this.placement, this.liveness, this.life, this.mtu);
    this.control = new LinkControl(base, this.liveness, reports, {
      heartbeats: new HeartbeatReader(base, liveness, {
        life: this.life,
        roaming: this.roaming,
        mtu: this.mtu,
        uplinks: this.uplinks,
        pace: this.pace,
        runs: new RunTrial(base, this.segmentation),
        trains,
      }),
      mtu: this.mtu,
      notices: new NoticeReader(base, this.life, limit),
      paths: this.roaming,
      echoes: this.echoes,
      reports: new ReportReader(base, this.adaptive),
      nacks: new NackReader(base, this.adaptive),
      members: this.members,
      stations: this.directs,
      bandwidth: this.bandwidth,
    });
    this.owners = [
      this.mtu,
      this.lanes,
      this.flows,
      this.changes.announcements,
      this.placement,
      addresses,
      untold,
      this.uplinks,
      this.refusals,
      this.directs,
      this.pace,
      this.bandwidth,
    ];
  }
}
