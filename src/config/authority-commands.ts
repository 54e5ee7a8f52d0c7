/** The lines of an interface about certificates: whose are believed, which keys are not, and the one that this host shows. */
import type { AuthorityConfig } from '../api/config.js';
import { keyword, options, value } from '../grammar/command.js';
import { FILENAME, KEY, NAME } from '../grammar/values.js';
import { renderWord } from '../grammar/words.js';
import { MAX_AUTHORITIES, MAX_REVOKED_KEYS } from './defaults.js';
import { type ConfigCommand, fieldsOf, interfaceOf, setting } from './language.js';

const interfaceField = fieldsOf('interface', interfaceOf);

/** A line about an authority. */
function authorityLine({ key, group, template }: AuthorityConfig): string {
  const ofGroup = group === undefined ? '' : ` group ${renderWord(group)}`;
  return `authority ${key}${ofGroup}${template === undefined ? '' : ` template ${renderWord(template)}`}`;
}

export const authorityCommands: ConfigCommand[] = [
  setting('interface', {
    tokens: [
      keyword(
        'authority',
        'Admit clients by certificates of a network authority; may be given several times',
      ),
      value('key', KEY, 'Public key of the authority, as "authority pubkey" prints it'),
      options(
        [
          keyword('group', 'Only those whose certificate has this group'),
          value('group', NAME, 'Name of the group', { default: 'all' }),
        ],
        [keyword('template', 'What holds for them'), value('template', NAME, 'Name of a peer-template')],
      ),
    ],
    noNeeds: 1,
    set(scope, { key, group, template }) {
      const found = interfaceOf(scope);
      const others = (found.authorities ?? []).filter((one) => one.key !== key || one.group !== group);
      // One more than there may be is for the validation to refuse; the rest would only cost time.
      if (others.length > MAX_AUTHORITIES) return;
      const added = {
        key,
        ...(group !== undefined && { group }),
        ...(template !== undefined && { template }),
      };
      found.authorities = [...others, added];
    },
    unset(scope, { key, group }) {
      const found = interfaceOf(scope);
      const kept = (found.authorities ?? []).filter(
        (one) => (key !== undefined && one.key !== key) || (group !== undefined && one.group !== group),
      );
      if (kept.length > 0) found.authorities = kept;
      else delete found.authorities;
    },
    render: (scope) => (interfaceOf(scope).authorities ?? []).map(authorityLine),
  }),
  setting('interface', {
    tokens: [
      keyword('revoked-key', 'A public key that no certificate admits any more; may be given several times'),
      value('key', KEY, 'Public key of the member'),
    ],
    noNeeds: 1,
    set(scope, { key }) {
      const found = interfaceOf(scope);
      const others = (found.revokedKeys ?? []).filter((one) => one !== key);
      if (others.length <= MAX_REVOKED_KEYS) found.revokedKeys = [...others, key];
    },
    unset(scope, { key }) {
      const found = interfaceOf(scope);
      const kept = (found.revokedKeys ?? []).filter((one) => key !== undefined && one !== key);
      if (kept.length > 0) found.revokedKeys = kept;
      else delete found.revokedKeys;
    },
    render: (scope) => (interfaceOf(scope).revokedKeys ?? []).map((key) => `revoked-key ${key}`),
  }),
  interfaceField('certificateFile', {
    tokens: [
      keyword('certificate', 'Show peers that do not know this host a certificate'),
      value('file', FILENAME, 'Absolute path of the certificate; read again whenever it is shown'),
    ],
    noNeeds: 1,
    read: ({ file }) => file,
    write: (file) => `certificate ${renderWord(file)}`,
  }),
];
