/** The VLANs of an interface: which ports carry them, and how many MAC addresses are known in each. */
import type { VlanConfig, VlanMember, VlanStatus } from '../../api/index.js';
import { vlanWords } from '../../config/vlan-command.js';
import { vlanSettings } from '../interfaces/datapath-settings.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';

type Carries = (vlan: number) => VlanMember['mode'] | null;

export async function vlanStatus(runtime: InterfaceRuntime): Promise<VlanStatus[]> {
  const { config, peers } = runtime;
  const macs = new Map((await runtime.datapath.vlans())?.map((row) => [row.vlan, row.macs]));
  const named = new Set(macs.keys());
  const members: { peer: string | null; carries: Carries }[] = [];
  /** Those that carry the same, by its words: of thousands most do. */
  const clients = new Map<string, { vlan: VlanConfig | undefined; count: number }>();
  const port = (peer: string | null, vlan: VlanConfig | undefined): void => {
    members.push({ peer, carries: carriesOf(vlan) });
    nameVlans(vlan, named);
  };
  port(null, config.vlan);
  for (const entry of peers.values()) {
    const { vlan, name } = entry.config;
    if (entry.client === null) port(name, vlan);
    else {
      const words = vlan === undefined ? '' : vlanWords(vlan);
      clients.set(words, { vlan, count: (clients.get(words)?.count ?? 0) + 1 });
    }
  }
  for (const { vlan } of clients.values()) nameVlans(vlan, named);
  const ofClients = [...clients.values()].map(({ vlan, count }) => ({ carries: carriesOf(vlan), count }));
  return [...named]
    .sort((a, b) => a - b)
    .map((vlan) => ({
      interface: runtime.name,
      vlan,
      members: members.flatMap(({ peer, carries }) => {
        const mode = carries(vlan);
        return mode === null ? [] : [{ peer, mode }];
      }),
      clients: ofClients.reduce((sum, { carries, count }) => sum + (carries(vlan) === null ? 0 : count), 0),
      macs: macs.get(vlan) ?? 0,
    }));
}

/** Adds the VLANs that a port names; one that carries all names none. */
function nameVlans(config: VlanConfig | undefined, named: Set<number>): void {
  const { native, tagged } = vlanSettings(config) ?? { native: 0, tagged: [] };
  if (native !== 0) named.add(native);
  const isAll = config?.mode === 'trunk' && config.allowed === undefined;
  for (const [first, last] of isAll ? [] : tagged) {
    for (let vlan = first; vlan <= last; vlan++) named.add(vlan);
  }
}

function carriesOf(config: VlanConfig | undefined): Carries {
  const settings = vlanSettings(config);
  if (settings === null) return () => 'transparent';
  const { native, tagged } = settings;
  return (vlan) => {
    if (vlan === 0) return null;
    if (vlan === native) return 'untagged';
    return tagged.some(([first, last]) => vlan >= first && vlan <= last) ? 'tagged' : null;
  };
}
