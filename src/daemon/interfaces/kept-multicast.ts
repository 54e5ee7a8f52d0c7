/** What is kept of multicast over a restart: who asks for memberships in each VLAN, and behind which ports routers are. */
import type { KnownMulticast, QuerierRow, RouterPortRow } from '../../contract/answers.js';
import { PORT } from '../../contract/port-settings.js';
import type { InterfaceRuntime } from './runtime.js';

/** Queriers kept at most, and router ports. */
export const MOST_QUERIERS = 256;
export const MOST_ROUTERS = 1024;
/** The longest interval that a query can tell, missed twice. */
const LONGEST_HOLD_US = 3 * 31_744e6;
const ADDRESS_WORDS = 4;

/** A port by what outlives a daemon: the public key of the peer in base64, or one of two that are no peers. */
type KeptPort = { key: string } | 'tap' | 'self';

export interface KeptQuerier extends Omit<QuerierRow, 'port' | 'isSettled' | 'leftUs'> {
  port: KeptPort;
  /** Until when it counts as present, in µs since boot. */
  untilUs: number;
}

export interface KeptRouter {
  port: KeptPort;
  isIpv4: boolean;
  isIpv6: boolean;
}

export interface KeptMulticast {
  queriers: KeptQuerier[];
  routers: KeptRouter[];
}

/** What the switch knows now. */
export async function multicastOf(runtime: InterfaceRuntime, nowUs: number): Promise<KeptMulticast> {
  const known = await runtime.datapath.multicast(0, 1);
  const placed = <Row extends { port: number }>(rows: readonly Row[]) =>
    rows.flatMap((row) => {
      const port = portOf(runtime, row.port);
      return port === null ? [] : [{ row, port }];
    });
  return {
    queriers: placed(known?.queriers ?? [])
      .slice(0, MOST_QUERIERS)
      .map(({ row: { isSettled: _, leftUs, ...row }, port }) => ({ ...row, port, untilUs: nowUs + leftUs })),
    routers: placed((known?.routers ?? []).filter(({ isStatic }) => !isStatic))
      .slice(0, MOST_ROUTERS)
      .map(({ row: { isIpv4, isIpv6 }, port }) => ({ port, isIpv4, isIpv6 })),
  };
}

/** The same in rows of this daemon, as far as its ports are there and its time is not over. */
export function knownMulticast(
  runtime: InterfaceRuntime,
  { queriers, routers }: KeptMulticast,
  nowUs: number,
): KnownMulticast {
  const rows = new Map([...runtime.peers.values()].map(({ config, row }) => [config.publicKey, row]));
  const rowOf = (port: KeptPort): number | undefined =>
    port === 'tap' ? PORT.TAP : port === 'self' ? PORT.SWITCH : rows.get(port.key);
  return {
    queriers: queriers.flatMap(({ port, untilUs, ...querier }): QuerierRow[] => {
      const row = rowOf(port);
      if (row === undefined || untilUs <= nowUs) return [];
      return [{ ...querier, port: row, isSettled: false, leftUs: untilUs - nowUs }];
    }),
    routers: routers.flatMap(({ port, ...router }): RouterPortRow[] => {
      const row = rowOf(port);
      return row === undefined ? [] : [{ ...router, port: row, isStatic: false }];
    }),
  };
}

/** Whether what was read from a file may be such. */
export function isKeptMulticast(value: unknown): value is KeptMulticast {
  const { queriers, routers } = (value ?? {}) as Partial<KeptMulticast>;
  return (
    Array.isArray(queriers) &&
    queriers.length <= MOST_QUERIERS &&
    queriers.every(isQuerier) &&
    Array.isArray(routers) &&
    routers.length <= MOST_ROUTERS &&
    routers.every(isRouter)
  );
}

function isQuerier(value: Partial<KeptQuerier> | null): boolean {
  const { vlan, isIpv6, port, address, high, low, holdUs, untilUs } = value ?? {};
  return (
    isBelow(vlan, 4096) &&
    typeof isIpv6 === 'boolean' &&
    isPort(port) &&
    Array.isArray(address) &&
    address.length === ADDRESS_WORDS &&
    address.every((word) => word === (word | 0)) &&
    isBelow(high, 2 ** 16) &&
    isBelow(low, 2 ** 32) &&
    isTime(holdUs) &&
    Number(holdUs) <= LONGEST_HOLD_US &&
    isTime(untilUs)
  );
}

function isRouter(value: Partial<KeptRouter> | null): boolean {
  const { port, isIpv4, isIpv6 } = value ?? {};
  return isPort(port) && typeof isIpv4 === 'boolean' && typeof isIpv6 === 'boolean';
}

function isPort(port: unknown): boolean {
  if (port === 'tap' || port === 'self') return true;
  return typeof (port as { key?: unknown } | null)?.key === 'string';
}

function isBelow(value: unknown, limit: number): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < limit;
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function portOf({ peers }: InterfaceRuntime, port: number): KeptPort | null {
  if (port === PORT.TAP) return 'tap';
  if (port === PORT.SWITCH) return 'self';
  const key = peers.atRow(port)?.config.publicKey;
  return key === undefined ? null : { key };
}
