/** The lab as data: which hosts and underlay networks there are, and every name and address in them. */
import { namespaceName } from './namespaces.js';

export interface UnderlaySpec {
  family: 4 | 6;
  /** Bytes; absent: 1500. */
  mtu?: number;
  /** One cable between exactly two hosts, with no bridge between them. */
  direct?: boolean;
}

export interface LabSpec {
  /** 1–99 hosts, named h1, h2, … */
  hosts: number;
  /** Every host is attached to every underlay. */
  underlays: UnderlaySpec[];
}

export interface HostPlan {
  /** From 1. */
  index: number;
  name: string;
  namespace: string;
}

export interface UnderlayPlan extends Required<UnderlaySpec> {
  /** From 1. */
  index: number;
  name: string;
  /** The namespace of its bridge; a direct cable has none. */
  namespace: string | undefined;
}

/** A host's end of an underlay. */
export interface Attachment {
  host: HostPlan;
  underlay: UnderlayPlan;
  /** Device in the host's namespace. */
  device: string;
  /** Port of the bridge in the underlay's namespace. */
  port: string;
  address: string;
  prefixLength: number;
}

export interface LabPlan {
  hosts: HostPlan[];
  underlays: UnderlayPlan[];
  attachments: Attachment[];
}

/** Plans a lab: names from the owner's process id, addresses 10.k.0.i/24 and fd00:k::i/64. */
export function planLab(spec: LabSpec, pid: number): LabPlan {
  if (spec.hosts < 1 || spec.hosts > 99) throw new Error('a lab has 1 to 99 hosts');
  const hosts = Array.from({ length: spec.hosts }, (_, i) => ({
    index: i + 1,
    name: `h${i + 1}`,
    namespace: namespaceName(pid, `h${i + 1}`),
  }));
  const underlays = spec.underlays.map((underlay, i) => {
    const direct = underlay.direct ?? false;
    if (direct && spec.hosts !== 2) throw new Error('a direct cable joins exactly two hosts');
    return {
      family: underlay.family,
      mtu: underlay.mtu ?? 1500,
      direct,
      index: i + 1,
      name: `n${i + 1}`,
      namespace: direct ? undefined : namespaceName(pid, `n${i + 1}`),
    };
  });
  const attachments = underlays.flatMap((underlay) =>
    hosts.map((host) => ({
      host,
      underlay,
      device: `u${underlay.index}`,
      port: `p${host.index}`,
      address:
        underlay.family === 4
          ? `10.${underlay.index}.0.${host.index}`
          : `fd00:${underlay.index.toString(16)}::${host.index.toString(16)}`,
      prefixLength: underlay.family === 4 ? 24 : 64,
    })),
  );
  return { hosts, underlays, attachments };
}

/** The `ip -batch` lines that make every namespace. */
export function namespaceBatch(plan: LabPlan): string[] {
  const bridged = plan.underlays.flatMap((underlay) => underlay.namespace ?? []);
  return [...plan.hosts.map((host) => host.namespace), ...bridged].map((name) => `netns add ${name}`);
}

/** The `ip -batch` lines that make every cable. */
export function cableBatch(plan: LabPlan): string[] {
  const lines: string[] = [];
  for (const underlay of plan.underlays) {
    const ends = plan.attachments.filter((attachment) => attachment.underlay === underlay);
    if (underlay.direct) {
      const [a, b] = ends;
      lines.push(
        vethLine(
          underlay.mtu,
          { device: a.device, namespace: a.host.namespace },
          { device: b.device, namespace: b.host.namespace },
        ),
      );
      continue;
    }
    lines.push(...ends.map(cableLine));
  }
  return lines;
}

/** Makes the cable of one end of a bridged underlay. */
export function cableLine({ device, port, host, underlay }: Attachment): string {
  const { mtu, namespace } = underlay;
  return vethLine(mtu, { device, namespace: host.namespace }, { device: port, namespace });
}

interface CableEnd {
  device: string;
  namespace: string | undefined;
}

/** No two devices of this process have one index, whatever their namespaces. */
let lastIndex = 1000;

/**
 * A cable. Its ends have indexes that differ: of a veth whose two ends have the same one, each in its own namespace, the kernel
 * takes a change of carrier for that of a card, and tells of such changes once a second.
 */
function vethLine(mtu: number, ...[near, far]: [CableEnd, CableEnd]): string {
  const words = ({ device, namespace }: CableEnd) =>
    `${device} index ${++lastIndex} mtu ${mtu} netns ${namespace}`;
  return `link add ${words(near)} type veth peer name ${words(far)}`;
}

/** Plugs an end into the bridge of its underlay; to run in the underlay's namespace. */
export function plugLine({ port }: Attachment): string {
  return `link set ${port} master br0 up`;
}

/** Gives an end its address; to run in the host's namespace, as are the two below. */
export function addressLine({ address, prefixLength, device, underlay }: Attachment): string {
  const noCheck = underlay.family === 6 ? ' nodad' : '';
  return `addr add ${address}/${prefixLength} dev ${device}${noCheck}`;
}

/** The route that came with the address, as the kernel makes it. */
export function routeLine(verb: 'add' | 'del', { address, device, underlay }: Attachment): string {
  if (underlay.family === 6) {
    const network = address.slice(0, address.indexOf('::') + 2);
    return `route ${verb} ${network}/64 dev ${device} proto kernel metric 256`;
  }
  const network = address.slice(0, address.lastIndexOf('.'));
  return `route ${verb} ${network}.0/24 dev ${device} proto kernel scope link src ${address}`;
}

/** The `ip -batch` lines to run inside an underlay's namespace. */
export function underlayBatch(plan: LabPlan, underlay: UnderlayPlan): string[] {
  // Snooping would hold back IPv6 neighbour discovery until a querier spoke, and there is none.
  const lines = ['link add br0 type bridge mcast_snooping 0', `link set br0 mtu ${underlay.mtu} up`];
  for (const end of plan.attachments.filter((attachment) => attachment.underlay === underlay)) {
    lines.push(plugLine(end));
  }
  return lines;
}

/** The `ip -batch` lines to run inside a host's namespace. */
export function hostBatch(plan: LabPlan, host: HostPlan): string[] {
  const lines = ['link set lo up'];
  for (const end of plan.attachments.filter((attachment) => attachment.host === host)) {
    lines.push(addressLine(end), `link set ${end.device} up`);
  }
  return lines;
}
