/** The VLANs of a host that joins. Pure. */
import type { InterfaceConfig, VlanConfig } from '../../api/config.js';
import { ClientTemplates } from '../../config/templates.js';

/** What the port of a client carries: as its line or its invitation says, or else its template. */
export function vlanOfClient(
  config: InterfaceConfig,
  { vlan, template }: { vlan?: VlanConfig | undefined; template?: string | undefined },
): VlanConfig | undefined {
  return vlan ?? new ClientTemplates(config).get(template)?.vlan;
}

/** Whether frames without a tag of a client's port are in the same VLAN as those of the TAP, where the interface has its addresses. */
export function isInVlanOfAddresses(
  { vlan: tap }: Pick<InterfaceConfig, 'vlan'>,
  client: VlanConfig | undefined,
): boolean {
  const untagged = untaggedVlan(client);
  return untagged !== null && untagged === untaggedVlan(tap);
}

/** Null: frames without a tag do not pass. 0: they pass as they are. */
function untaggedVlan(vlan: VlanConfig | undefined): number | null {
  if (vlan === undefined) return 0;
  return vlan.mode === 'access' ? vlan.vlan : (vlan.native ?? null);
}
