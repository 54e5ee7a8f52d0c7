/** Every way in which the drill lets a link between two hosts of a lab die or get worse, and how it is healed. */
import { ArmedOrder, type Order } from './armed.js';
import { CLEAN, deviceOrder, fullRateOrder, type Impairment, impairmentOrder, rateOrder } from './impair.js';
import type { Lab } from './lab.js';
import { addressLine, cableLine, plugLine, routeLine } from './plan.js';
import type { SlowWire } from './slow-wire.js';

export const DEATH_KINDS = [
  'device-deleted',
  'admin-down',
  'far-down',
  'carrier-down',
  'address-removed',
  'route-removed',
  'one-way',
  'one-way-back',
  'black-hole',
  'loss',
  'flapping',
  'rate-collapse',
  'delay-step',
] as const;
export type DeathKind = (typeof DEATH_KINDS)[number];

/** Where a link dies: link `id` runs over underlay `id + 1`. */
export interface Place {
  lab: Lab;
  link: number;
  /** Hosts by their index; the near one sends the traffic. */
  near: number;
  far: number;
  holdMs: number;
  /** In the middle of links that can become slow. */
  slowWire?: SlowWire;
}

/** Something prepared to happen at once when it is fired. */
export interface Armed {
  fire(): Promise<void>;
  disarm(): void;
}

/** What happens, and how many ms after the previous step. */
export interface Step {
  afterMs: number;
  arm(): Armed;
}

export interface Death {
  title: string;
  /** `down`: the link must be left; `flaps`: it comes and goes; `worse`: it still carries something. */
  outcome: 'down' | 'flaps' | 'worse';
  /** The kernel reports it to one end, so that nobody has to wait for silence. */
  toldByKernel: boolean;
  /** The link must have a {@link SlowWire} in it. */
  needsSlowWire: boolean;
  die(place: Place): Step[];
  heal(place: Place): Step[];
}

/** How often a flapping link goes down, in hold times each: long enough to be noticed, short enough to annoy. */
const FLAPS = 4;
const DARK_HOLDS = 1.5;
const BRIGHT_HOLDS = 1;
const COLLAPSED_MBIT = 1;
/** Added to each direction: the round trip grows by twice as much. */
const STEP_MS = 150;

export const DEATHS: Record<DeathKind, Death> = {
  'device-deleted': {
    ...toldDeath('its device deleted'),
    die: (place) => [ip(nearEnd(place).host.namespace, `link del ${nearEnd(place).device}`)],
    heal: (place) => {
      const end = nearEnd(place);
      return [
        ip(end.host.namespace, cableLine(end)),
        ip(end.underlay.namespace!, plugLine(end)),
        ip(end.host.namespace, addressLine(end), `link set ${end.device} up`),
      ];
    },
  },
  'admin-down': deviceDown('its device down at the near end', (place) => place.near),
  'far-down': deviceDown('its device down at the far end', (place) => place.far),
  'carrier-down': {
    ...toldDeath('carrier lost'),
    die: (place) => [ip(nearEnd(place).underlay.namespace!, `link set ${nearEnd(place).port} down`)],
    heal: (place) => [ip(nearEnd(place).underlay.namespace!, `link set ${nearEnd(place).port} up`)],
  },
  'address-removed': {
    ...toldDeath('its address removed'),
    die: (place) => {
      const { host, address, prefixLength, device } = nearEnd(place);
      return [ip(host.namespace, `addr del ${address}/${prefixLength} dev ${device}`)];
    },
    heal: (place) => [ip(nearEnd(place).host.namespace, addressLine(nearEnd(place)))],
  },
  'route-removed': {
    ...toldDeath('its route removed'),
    die: (place) => [ip(nearEnd(place).host.namespace, routeLine('del', nearEnd(place)))],
    heal: (place) => [ip(nearEnd(place).host.namespace, routeLine('add', nearEnd(place)))],
  },
  'one-way': silentDeath('one way, from the near end', ({ near, far }) => ({
    ...CLEAN,
    oneWay: [near, far],
  })),
  'one-way-back': silentDeath('one way, from the far end', ({ near, far }) => ({
    ...CLEAN,
    oneWay: [far, near],
  })),
  'black-hole': silentDeath('black hole in the middle', () => ({ ...CLEAN, blackHole: true })),
  loss: {
    title: '100 % loss at both ends',
    outcome: 'down',
    toldByKernel: false,
    needsSlowWire: false,
    die: (place) => lossAtBothEnds(place, ['numgen random mod 1000 <= 999 counter drop']),
    heal: (place) => lossAtBothEnds(place, []),
  },
  flapping: {
    title: `black hole, ${FLAPS} times`,
    outcome: 'flaps',
    toldByKernel: false,
    needsSlowWire: false,
    die: (place) =>
      Array.from({ length: FLAPS }, (_, flap) => [
        after(flap === 0 ? 0 : BRIGHT_HOLDS * place.holdMs, middle(place, { ...CLEAN, blackHole: true })),
        after(DARK_HOLDS * place.holdMs, middle(place, CLEAN)),
      ]).flat(),
    heal: (place) => [middle(place, CLEAN)],
  },
  'rate-collapse': {
    title: `rate collapses to ${COLLAPSED_MBIT} Mbit/s`,
    outcome: 'worse',
    toldByKernel: false,
    needsSlowWire: false,
    die: (place) => bothEnds(place).map((end) => order(rateOrder(end, COLLAPSED_MBIT))),
    heal: (place) => bothEnds(place).map((end) => order(fullRateOrder(end))),
  },
  'delay-step': {
    title: `${2 * STEP_MS} ms more round-trip time`,
    outcome: 'worse',
    toldByKernel: false,
    needsSlowWire: true,
    die: (place) => [slower(place, STEP_MS)],
    heal: (place) => [slower(place, 0)],
  },
};

type Story = Pick<Death, 'title' | 'outcome' | 'toldByKernel' | 'needsSlowWire'>;

function toldDeath(title: string): Story {
  return { title, outcome: 'down', toldByKernel: true, needsSlowWire: false };
}

function deviceDown(title: string, hostOf: (place: Place) => number): Death {
  const set = (state: 'up' | 'down') => (place: Place) => {
    const end = place.lab.attachment(hostOf(place), place.link + 1);
    return [ip(end.host.namespace, `link set ${end.device} ${state}`)];
  };
  return { ...toldDeath(title), die: set('down'), heal: set('up') };
}

function silentDeath(title: string, impairment: (place: Place) => Impairment): Death {
  return {
    title,
    outcome: 'down',
    toldByKernel: false,
    needsSlowWire: false,
    die: (place) => [middle(place, impairment(place))],
    heal: (place) => [middle(place, CLEAN)],
  };
}

function nearEnd(place: Place) {
  return place.lab.attachment(place.near, place.link + 1);
}

function bothEnds(place: Place) {
  return place.lab.ends(place.link + 1);
}

function lossAtBothEnds(place: Place, rules: string[]): Step[] {
  return bothEnds(place).map((end) => order(deviceOrder(end, rules)));
}

function middle(place: Place, impairment: Impairment): Step {
  return order(impairmentOrder(nearEnd(place).underlay.namespace!, bothEnds(place), impairment));
}

function slower({ slowWire }: Place, ms: number): Step {
  if (slowWire === undefined) throw new Error('this link has no slow wire in it');
  return { afterMs: 0, arm: () => ({ fire: async () => slowWire.delay(ms), disarm: () => {} }) };
}

function ip(namespace: string, ...lines: string[]): Step {
  return order({ namespace, program: 'ip', lines });
}

function order(what: Order): Step {
  return { afterMs: 0, arm: () => ArmedOrder.arm(what) };
}

function after(afterMs: number, step: Step): Step {
  return { ...step, afterMs };
}
