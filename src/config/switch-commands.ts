/** Commands of `(config-if)` about the switch. */

import { keyword, value } from '../grammar/command.js';
import { range } from '../grammar/values.js';
import { DEFAULTS } from './defaults.js';
import { fieldsOf, interfaceOf, type Setting, setting } from './language.js';

const interfaceField = fieldsOf('interface', interfaceOf);

const MAC_TABLE = keyword('mac-table', 'Table of learned MAC addresses');

export const switchCommands: Setting[] = [
  interfaceField('macAgeing', {
    tokens: [
      MAC_TABLE,
      keyword('ageing', 'How long a silent address is kept'),
      value('ageing', range(10, 86400, 's'), 'Time without a frame', { default: DEFAULTS.macAgeing }),
    ],
    read: ({ ageing }) => ageing,
    write: (seconds) => `mac-table ageing ${seconds}`,
  }),
  interfaceField('macLimit', {
    tokens: [
      MAC_TABLE,
      keyword('limit', 'Largest number of addresses'),
      value('limit', range(16, 1048576, 'entries'), 'Size of the table', { default: DEFAULTS.macLimit }),
    ],
    read: ({ limit }) => limit,
    write: (entries) => `mac-table limit ${entries}`,
  }),
  setting('interface', {
    tokens: [
      keyword('loop-guard', 'Look for loops and hold a peer that closes one (default: while in a bridge)'),
    ],
    noNeeds: 1,
    set(scope) {
      interfaceOf(scope).loopGuard = true;
    },
    unset(scope) {
      interfaceOf(scope).loopGuard = false;
    },
    render(scope) {
      const { loopGuard } = interfaceOf(scope);
      return loopGuard === undefined ? [] : [loopGuard ? 'loop-guard' : 'no loop-guard'];
    },
  }),
];
