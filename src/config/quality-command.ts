/** The line `quality`, of an interface and of a link: from when on a link is left although it answers. */

import type { QualityConfig } from '../api/config.js';
import { keyword, options, value } from '../grammar/command.js';
import { range } from '../grammar/values.js';
import { DEFAULTS } from './defaults.js';
import { type ConfigMode, interfaceOf, type Scope, type Setting, setting } from './language.js';

const { quality: DEFAULT } = DEFAULTS;

export function qualityOf(
  mode: ConfigMode,
  target: (scope: Scope) => { quality?: QualityConfig | false },
): Setting {
  return setting(mode, {
    tokens: [
      keyword('quality', 'Avoid links of poor quality, whatever their priority'),
      options(
        [
          keyword('loss', 'Loss towards the peer'),
          value('loss', range(1, 100, '%'), 'Share of datagrams', { default: DEFAULT.loss }),
        ],
        [
          keyword('delay', 'Round-trip time above that of the fastest other link'),
          value('delay', range(5, 60000, 'ms'), 'Time', { default: DEFAULT.delay }),
        ],
      ),
    ],
    noNeeds: 1,
    default: 'on, with its default values',
    details:
      'A link beyond a limit for a second is grey: other links are preferred. It is good again after ten seconds ' +
      'below half the limit; that time doubles each time it soon turns grey again.',
    set(scope, given) {
      target(scope).quality = { ...DEFAULT, ...given };
    },
    unset(scope) {
      target(scope).quality = false;
    },
    reset(scope) {
      delete target(scope).quality;
    },
    render(scope) {
      const { quality } = target(scope);
      return quality === undefined ? [] : [qualityLine(quality)];
    },
    preset: (scope) => qualityLine(interfaceOf(scope).quality ?? DEFAULT),
  });
}

function qualityLine(quality: QualityConfig | false): string {
  return quality === false ? 'no quality' : `quality loss ${quality.loss} delay ${quality.delay}`;
}
