/** Templates of peers: what a peer or a client takes from one. Pure. */
import type { InterfaceConfig, LinkConfig, PeerConfig } from '../api/config.js';

/** The link of clients whose template names none. */
const ONE_LINK: LinkConfig = { id: 0, remote: { kind: 'dynamic' } };

/** The template of this name; undefined when there is none. */
export function templateNamed(parent: InterfaceConfig, name: string): PeerConfig | undefined {
  return parent.peerTemplates?.find((template) => template.name === name);
}

/** An interface whose peers say everything themselves: what they left to their template stands in them. */
export function withTemplates(config: InterfaceConfig): InterfaceConfig {
  if (!config.peers.some(({ template }) => template !== undefined)) return config;
  return { ...config, peers: config.peers.map((peer) => withTemplate(config, peer)) };
}

/** A peer with what it leaves to its template. Its own lines win, those of its links one by one. */
export function withTemplate(parent: InterfaceConfig, peer: PeerConfig): PeerConfig {
  const template = peer.template === undefined ? undefined : templateNamed(parent, peer.template);
  if (template === undefined) return peer;
  const links = new Map(template.links.map((link) => [link.id, link]));
  for (const link of peer.links) links.set(link.id, { ...links.get(link.id), ...link });
  const { description: _, ...inherited } = template;
  // A policy comes with its number of copies.
  if (peer.policy !== undefined) delete inherited.copies;
  return { ...inherited, ...peer, links: [...links.values()] };
}

/** Whether an interface admits peers that have no block. */
export function admitsClients({ authorizedKeys, authorities }: InterfaceConfig): boolean {
  return authorizedKeys !== undefined || authorities !== undefined;
}

/**
 * What holds for clients that have no block: their template, or else a peer with no line but link 0. Links are where the
 * client calls from. Frames pass between clients unless their template says otherwise; members of a registry reach each
 * other directly, so between them they do not. The links of a template are the same objects for all its clients, and its
 * settings the same object from one configuration to the next as long as they say the same.
 */
export class ClientTemplates {
  private readonly byName = new Map<string, PeerConfig>();
  private readonly preset: PeerConfig | null;

  /** Without an interface, or with one that admits no clients, there are none. */
  constructor(parent?: InterfaceConfig, before?: ClientTemplates) {
    if (parent === undefined || (!admitsClients(parent) && parent.registry === undefined)) {
      this.preset = null;
      return;
    }
    const group = parent.registry === undefined ? { splitHorizon: false as const } : {};
    const settingsOf = (template: PeerConfig) => ({ ...group, ...ofClients(template) });
    for (const template of parent.peerTemplates ?? []) {
      this.byName.set(template.name, kept(before?.byName.get(template.name), settingsOf(template)));
    }
    const name = parent.authorizedKeys?.template;
    this.preset =
      name === undefined
        ? kept(before?.preset ?? undefined, settingsOf({ name: '', links: [] }))
        : (this.byName.get(name) ?? null);
  }

  /** Those of another configuration. */
  following(next: InterfaceConfig): ClientTemplates {
    return new ClientTemplates(next, this);
  }

  /** The settings by the name in a client's line; null: there is no template of that name. */
  get(name: string | undefined): PeerConfig | null {
    return name === undefined ? this.preset : (this.byName.get(name) ?? null);
  }

  all(): Iterable<PeerConfig> {
    return new Set([...this.byName.values(), ...(this.preset === null ? [] : [this.preset])]);
  }
}

function ofClients({ description: _, ...settings }: PeerConfig): PeerConfig {
  const links = settings.links.map((link): LinkConfig => ({ ...link, remote: { kind: 'dynamic' } }));
  return { ...settings, links: links.length === 0 ? [ONE_LINK] : links };
}

/** The object from before if it says the same. */
function kept(before: PeerConfig | undefined, now: PeerConfig): PeerConfig {
  return JSON.stringify(before) === JSON.stringify(now) ? (before as PeerConfig) : now;
}
