/** Contradictions in what an interface says of its registry. */
import type { InterfaceConfig } from '../api/config.js';
import { MAX_REVOKERS, MAX_SERVERS } from './registry-commands.js';

interface RegistryIssue {
  severity: 'error' | 'warning';
  /** The line that it concerns. */
  field: string;
  message: string;
}

export function registryIssues({
  registry,
  authorizedKeys,
  authorities = [],
}: InterfaceConfig): RegistryIssue[] {
  if (registry === undefined) return [];
  const issue = (severity: RegistryIssue['severity'], field: string, message: string): RegistryIssue => ({
    severity,
    field: `registry ${field}`,
    message,
  });
  const { servers, certificate, user, trust, revokers = [] } = registry;
  const isPlain = servers.some((server) => server.startsWith('http:'));
  const issues = [
    servers.length === 0 && issue('warning', 'etcd', 'the registry has no server yet ("registry etcd URL")'),
    servers.length > MAX_SERVERS && issue('error', 'etcd', `a registry has at most ${MAX_SERVERS} servers`),
    revokers.length > MAX_REVOKERS &&
      issue('error', 'revoker', `a registry has at most ${MAX_REVOKERS} revokers`),
    trust !== 'any-record' &&
      authorizedKeys === undefined &&
      authorities.length === 0 &&
      issue(
        'warning',
        'trust',
        'nobody is believed: give "authorized-keys", "authority" or "registry trust any-record"',
      ),
    isPlain &&
      user !== undefined &&
      issue('warning', 'user', 'the password crosses the network in the clear'),
    isPlain &&
      certificate !== undefined &&
      issue('warning', 'certificate-file', 'a server without https never asks for the certificate'),
  ];
  return issues.filter((one) => one !== false);
}
