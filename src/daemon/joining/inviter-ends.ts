/** Where hosts that are invited can reach this one. */
import type { LinkConfig } from '../../api/config.js';
import { effectiveLink } from '../../config/defaults.js';
import { ClientTemplates } from '../../config/templates.js';
import { type IpAddress, parseEndpoint, parseIp, unusableHost } from '../../grammar/address.js';
import { type InviterEnd, MAX_TOKEN_ENDPOINTS } from '../../member/token.js';
import { RequestError } from '../base/request-errors.js';
import { formatAddress, formatEndpoint } from '../interfaces/addresses.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import { type HostAddress, hostAddresses } from './host-addresses.js';

/** The links that a client of this template has, ascending; empty when there is no such template. */
export function clientLinks({ config }: InterfaceRuntime, template: string | undefined): LinkConfig[] {
  const links = new ClientTemplates(config).get(template)?.links ?? [];
  return [...links].filter(({ shutdown }) => !shutdown).sort((a, b) => a.id - b.id);
}

/**
 * The ends for a token: those that were given, or all addresses of this host at which links of clients listen. `taps`: our
 * own interfaces. @throws RequestError with a sentence for the user
 */
export function inviterEnds(
  runtime: InterfaceRuntime,
  taps: readonly string[],
  template: string | undefined,
  given: readonly string[] | undefined,
): InviterEnd[] {
  const links = clientLinks(runtime, template);
  if (links.length === 0)
    throw new RequestError('the template of clients does not exist, or has no link in use');
  const port = effectiveLink(runtime.config, links[0]).local.port;
  if (given !== undefined) return given.map((text) => endOf(text, port));
  const here = hostAddresses(new Set(taps));
  const found = new Map<string, InviterEnd>();
  for (const link of links) {
    for (const end of endsOf(link, runtime, here)) {
      found.set(
        `${end.link} ${formatEndpoint(formatAddress(Uint8Array.from(end.address.bytes)), end.port)}`,
        end,
      );
    }
  }
  if (found.size === 0) throw new RequestError('this host has no address: give one with "endpoint"');
  return [...found.values()].slice(0, MAX_TOKEN_ENDPOINTS);
}

/** `192.0.2.1:7700`, one for each end. */
export function endpointsOf(ends: readonly InviterEnd[]): string[] {
  return ends.map(({ address, port }) => formatEndpoint(formatAddress(Uint8Array.from(address.bytes)), port));
}

function endsOf(link: LinkConfig, { config }: InterfaceRuntime, here: readonly HostAddress[]): InviterEnd[] {
  const { local } = effectiveLink(config, link);
  const { port } = local;
  if (local.kind === 'any') return here.map(({ address }) => ({ link: null, address, port }));
  if (local.kind === 'interface') {
    const there = here.filter(({ device }) => device === local.name);
    return there.map(({ address }) => ({ link: link.id, address, port }));
  }
  const address = parseIp(local.address);
  return address === null ? [] : [{ link: link.id, address, port }];
}

/** An address, alone or with a port. */
function endOf(text: string, preset: number): InviterEnd {
  const endpoint = parseEndpoint(text);
  const address: IpAddress | null = parseIp(endpoint?.host ?? text);
  const problem = address === null ? 'is no address with or without a port' : unusableHost(address);
  if (address === null || problem !== null) throw new RequestError(`endpoint ${text} ${problem}`);
  return { link: null, address, port: endpoint?.port ?? preset };
}
