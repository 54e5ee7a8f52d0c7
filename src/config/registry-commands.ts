/** The lines `registry`: members of the network that find each other through etcd. */
import type { InterfaceConfig, RegistryConfig } from '../api/config.js';
import { keyword, oneOf, value } from '../grammar/command.js';
import { FILENAME, KEY, NAME, REGISTRY_PREFIX, REGISTRY_SERVER, WORD } from '../grammar/values.js';
import { renderWord } from '../grammar/words.js';
import { type ConfigMode, interfaceOf, type Setting, setting } from './language.js';

const MODE: ConfigMode = 'interface';
const REGISTRY = keyword('registry', 'Members of this network find each other through a common store');
/** More than these are for the validation to refuse; the rest would only cost time. */
export const MAX_SERVERS = 16;
export const MAX_REVOKERS = 16;

type Parts = Omit<RegistryConfig, 'servers'>;
const registryOf = (found: InterfaceConfig): RegistryConfig => (found.registry ??= { servers: [] });

/** Changes the registry of an interface; one that says nothing more goes. */
function change(found: InterfaceConfig, edit: (registry: RegistryConfig) => void): void {
  const registry = registryOf(found);
  edit(registry);
  if (registry.servers.length === 0 && Object.keys(registry).length === 1) delete found.registry;
}

/** What `no` and printing mean for a line that is one optional field. */
function ofField<Key extends keyof Parts>(key: Key, write: (value: NonNullable<Parts[Key]>) => string[]) {
  return {
    noNeeds: 2,
    unset: (scope: Parameters<Setting['unset']>[0]) => change(interfaceOf(scope), (own) => delete own[key]),
    render(scope: Parameters<Setting['render']>[0]) {
      const present = interfaceOf(scope).registry?.[key];
      return present === undefined ? [] : write(present);
    },
  };
}

/** Adds to a list what is not in it yet, up to one more than there may be. */
function added(list: readonly string[] = [], entry: string, most: number): string[] {
  return list.includes(entry) || list.length > most ? [...list] : [...list, entry];
}

/** Takes one out, or without one all. */
function without(list: readonly string[] = [], entry?: string): string[] {
  return entry === undefined ? [] : list.filter((other) => other !== entry);
}

export const registryCommands: Setting[] = [
  setting(MODE, {
    tokens: [
      REGISTRY,
      keyword('etcd', 'A member of an etcd cluster; may be given several times'),
      value('server', REGISTRY_SERVER, 'URL for clients'),
    ],
    noNeeds: 2,
    set: (scope, { server }) =>
      change(interfaceOf(scope), (own) => {
        own.servers = added(own.servers, server, MAX_SERVERS);
      }),
    unset: (scope, { server }) =>
      change(interfaceOf(scope), (own) => {
        own.servers = without(own.servers, server);
      }),
    render: (scope) =>
      (interfaceOf(scope).registry?.servers ?? []).map((server) => `registry etcd ${renderWord(server)}`),
  }),
  setting(MODE, {
    tokens: [
      REGISTRY,
      keyword('prefix', 'Before the keys of all records (default /octolink/ and the name of the interface)'),
      value('prefix', REGISTRY_PREFIX, 'Equal at all members of a network'),
    ],
    set: (scope, { prefix }) =>
      change(interfaceOf(scope), (own) => {
        own.prefix = prefix;
      }),
    preset: () => null,
    ...ofField('prefix', (prefix) => [`registry prefix ${renderWord(prefix)}`]),
  }),
  setting(MODE, {
    tokens: [
      REGISTRY,
      keyword('name', 'Name under which this host registers (default: its host name)'),
      value('name', NAME, 'Name'),
    ],
    set: (scope, { name }) =>
      change(interfaceOf(scope), (own) => {
        own.name = name;
      }),
    ...ofField('name', (name) => [`registry name ${renderWord(name)}`]),
  }),
  setting(MODE, {
    tokens: [
      REGISTRY,
      keyword('template', 'What holds for the peers of members (default: as for clients)'),
      value('template', NAME, 'Name of a peer-template'),
    ],
    set: (scope, { template }) =>
      change(interfaceOf(scope), (own) => {
        own.template = template;
      }),
    ...ofField('template', (template) => [`registry template ${renderWord(template)}`]),
  }),
  setting(MODE, {
    tokens: [
      REGISTRY,
      keyword('ca-file', 'Certificates by which servers are known (default: those of the system)'),
      value('file', FILENAME, 'Absolute path of a file in PEM'),
    ],
    set: (scope, { file }) =>
      change(interfaceOf(scope), (own) => {
        own.caFile = file;
      }),
    ...ofField('caFile', (file) => [`registry ca-file ${renderWord(file)}`]),
  }),
  setting(MODE, {
    tokens: [
      REGISTRY,
      keyword('certificate-file', 'Certificate of this host as a client of the servers'),
      value('file', FILENAME, 'Absolute path of a file in PEM'),
      keyword('key-file', 'Private key of the certificate'),
      value('keyFile', FILENAME, 'Absolute path of a file in PEM'),
    ],
    set: (scope, { file, keyFile }) =>
      change(interfaceOf(scope), (own) => {
        own.certificate = { file, keyFile };
      }),
    ...ofField('certificate', ({ file, keyFile }) => [
      `registry certificate-file ${renderWord(file)} key-file ${renderWord(keyFile)}`,
    ]),
  }),
  setting(MODE, {
    tokens: [
      REGISTRY,
      keyword('user', 'User of the servers'),
      value('user', WORD, 'Name of the user'),
      keyword('password-file', 'File with the password and nothing else'),
      value('file', FILENAME, 'Absolute path, readable only by its owner'),
    ],
    set: (scope, { user, file }) =>
      change(interfaceOf(scope), (own) => {
        own.user = { name: user, passwordFile: file };
      }),
    ...ofField('user', ({ name, passwordFile }) => [
      `registry user ${renderWord(name)} password-file ${renderWord(passwordFile)}`,
    ]),
  }),
  setting(MODE, {
    tokens: [
      REGISTRY,
      keyword('trust', 'Whose records are believed'),
      oneOf('trust', {
        'authorized-keys': 'Members whose keys the file of authorized-keys lists (default)',
        'any-record': 'All members that can write to the registry',
      }),
    ],
    set: (scope, { trust }) =>
      change(interfaceOf(scope), (own) => {
        own.trust = trust;
      }),
    preset: () => null,
    ...ofField('trust', (trust) => [`registry trust ${trust}`]),
  }),
  setting(MODE, {
    tokens: [
      REGISTRY,
      keyword('revoker', 'Member that may revoke others; may be given several times'),
      value('key', KEY, 'Signing key of the member, as "show registry" says there'),
    ],
    noNeeds: 2,
    set: (scope, { key }) =>
      change(interfaceOf(scope), (own) => {
        own.revokers = added(own.revokers, key, MAX_REVOKERS);
      }),
    unset: (scope, { key }) =>
      change(interfaceOf(scope), (own) => {
        own.revokers = without(own.revokers, key);
        if (own.revokers.length === 0) delete own.revokers;
      }),
    render: (scope) =>
      (interfaceOf(scope).registry?.revokers ?? []).map((key) => `registry revoker ${renderWord(key)}`),
  }),
];

/** The prefix of an interface that says none. */
export function defaultPrefix({ name }: InterfaceConfig): string {
  return `/octolink/${name.replace(/[^A-Za-z0-9._-]/g, '_')}`;
}
