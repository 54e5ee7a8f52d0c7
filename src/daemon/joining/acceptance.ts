/** What a host that joins gets, and how it becomes a client. */
import type { VlanConfig } from '../../api/config.js';
import { effectiveInterface } from '../../config/defaults.js';
import type { JoinGrant, JoinReply, JoinRequest } from '../../member/join-messages.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import { freeAddress } from './free-address.js';
import { type Invitation, type InvitationStore, vlanOf } from './invitation-store.js';
import { clientLinks } from './inviter-ends.js';
import { addKeyLine } from './key-lines.js';
import { isInVlanOfAddresses, vlanOfClient } from './member-vlan.js';

type Member = Invitation['members'][number];

export class Acceptance {
  constructor(
    private readonly store: InvitationStore,
    private readonly hostname: () => string,
  ) {}

  /** Why an invitation cannot give the address that it promises, to who is in these VLANs; null: it can. */
  addressProblem(runtime: InterfaceRuntime, address: string, vlan: VlanConfig | undefined): string | null {
    if (address === 'none') return null;
    if (address === 'auto') {
      return isInVlanOfAddresses(runtime.config, vlan)
        ? null
        : `the addresses of ${runtime.name} are in another VLAN than frames without a tag of the host: give it one with "address", or "address none"`;
    }
    const plain = address.split('/')[0];
    const isTaken = [...runtime.config.addresses, ...this.given(runtime)].some(
      (one) => one.split('/')[0] === plain,
    );
    return isTaken ? `address ${plain} is somebody's already` : null;
  }

  /** Takes a host in, or says why not. The same host gets the same answer again. @throws Error when disks fail */
  async accept(
    runtime: InterfaceRuntime,
    invitation: Invitation,
    { publicKey }: JoinRequest,
  ): Promise<JoinReply> {
    const known = invitation.members.find((member) => member.publicKey === publicKey);
    const file = runtime.config.authorizedKeys?.file;
    const links = clientLinks(runtime, invitation.template ?? undefined).map(({ id }) => id);
    if (file === undefined || links.length === 0) return { refused: 'the inviter no longer admits clients' };
    const holder = holderOf(runtime, publicKey);
    if (known !== undefined) {
      // After a crash between the two files the line may be missing.
      if (holder === null) await this.admit(runtime, file, invitation, known);
      return { grant: this.grantFor(runtime, invitation, known, links) };
    }
    if (invitation.expiresMs <= Date.now()) return { refused: 'the invitation has expired' };
    if (invitation.members.length >= invitation.uses)
      return { refused: 'the invitation has already been used' };
    if (holder !== null) return { refused: `this host's key is already known: it belongs to ${holder}` };
    const member = {
      name: freeName(runtime, invitation),
      publicKey,
      addresses: this.addressesFor(runtime, invitation),
      joinedMs: Date.now(),
    };
    const list = this.store.all();
    await this.store.save(
      list.map((one) => (one === invitation ? { ...one, members: [...one.members, member] } : one)),
    );
    await this.admit(runtime, file, invitation, member);
    return { grant: this.grantFor(runtime, invitation, member, links) };
  }

  private async admit(
    runtime: InterfaceRuntime,
    file: string,
    { template, vlan, name }: Invitation,
    member: Member,
  ): Promise<void> {
    const options = [
      ...(template === null ? [] : [`template="${template}"`]),
      ...(vlan === undefined ? [] : [`vlan="${vlan}"`]),
      `description="invited as ${name}"`,
    ];
    await addKeyLine(file, [member.name, member.publicKey, ...options].join(' '));
    await runtime.clients.reread();
  }

  private grantFor(
    { config, clients }: InterfaceRuntime,
    invitation: Invitation,
    { name, addresses }: Member,
    links: number[],
  ): JoinGrant {
    const template = invitation.template ?? undefined;
    // Its line may have been changed since.
    const vlan = vlanOfClient(config, clients.named(name) ?? { vlan: vlanOf(invitation), template });
    const { mtu } = effectiveInterface(config);
    return { peer: this.hostname(), name, addresses, mtu, links, ...(vlan !== undefined && { vlan }) };
  }

  private addressesFor(runtime: InterfaceRuntime, { address }: Invitation): string[] {
    if (address === 'none') return [];
    if (address !== 'auto') return [address];
    const found = freeAddress(runtime.config.addresses, this.given(runtime));
    return found === null ? [] : [found];
  }

  /** Addresses that invitations of this interface have given or promised. */
  private given(runtime: InterfaceRuntime): string[] {
    const here = this.store.all().filter((one) => one.interface === runtime.name);
    return here.flatMap(({ address, members }) => [
      address,
      ...members.flatMap((member) => member.addresses),
    ]);
  }
}

/** Who has this public key; null: nobody. */
function holderOf(runtime: InterfaceRuntime, publicKey: string): string | null {
  if (runtime.publicKey === publicKey) return 'the key of the inviter itself';
  for (const { config } of runtime.peers.values()) if (config.publicKey === publicKey) return config.name;
  const key = Buffer.from(publicKey, 'base64').toString('latin1');
  return runtime.clients.all().find((client) => client.key === key)?.name ?? null;
}

function freeName(runtime: InterfaceRuntime, { name, uses }: Invitation): string {
  const isFree = (one: string) =>
    runtime.peers.get(one) === undefined && runtime.clients.named(one) === undefined;
  if (uses === 1 && isFree(name)) return name;
  let number = 1;
  while (!isFree(`${name}-${number}`)) number++;
  return `${name}-${number}`;
}
