/** The line `quality`, of an interface and of a link: from when on a link is left although it answers. */

import type { QualityConfig } from '../api/config.js';
import { keyword, options, value } from '../grammar/command.js';
import { range } from '../grammar/values.js';
import { DEFAULTS } from './defaults.js';
import { type ConfigMode, type Scope, type Setting, setting } from './language.js';

const { quality: DEFAULT } = DEFAULTS;

export function qualityOf(
  mode: ConfigMode,
  target: (scope: Scope) => { quality?: QualityConfig | false },
): Setting {
  return setting(mode, {
    tokens: [
      keyword('quality', 'Leave links that answer but are no good, whatever their priority'),
      options(
        [
          keyword('loss', 'Loss toward the peer'),
          value('loss', range(1, 100, '%'), 'Share of datagrams', { default: DEFAULT.loss }),
        ],
        [
          keyword('delay', 'How much slower than the fastest other link, round trip'),
          value('delay', range(5, 60000, 'ms'), 'Time', { default: DEFAULT.delay }),
        ],
      ),
    ],
    noNeeds: 1,
    default: 'on, with the defaults of its values',
    details:
      'A link beyond a limit for a second is grey: others are taken before it. It is clean again after ten seconds ' +
      'below half of the limit; the ten seconds double each time that it turns grey again soon.',
    set(scope, given) {
      target(scope).quality = { ...DEFAULT, ...given };
    },
    unset(scope) {
      target(scope).quality = false;
    },
    render(scope) {
      const { quality } = target(scope);
      if (quality === undefined) return [];
      return [quality === false ? 'no quality' : `quality loss ${quality.loss} delay ${quality.delay}`];
    },
  });
}
