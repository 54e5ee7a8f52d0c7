/** The line `damping`, of an interface and of a link: how flapping links are held back. */

import type { DampingConfig } from '../api/config.js';
import { keyword, options, value } from '../grammar/command.js';
import { range } from '../grammar/values.js';
import { DEFAULTS } from './defaults.js';
import { type ConfigMode, interfaceOf, type Scope, type Setting, setting } from './language.js';

const { damping: DEFAULT } = DEFAULTS;

export function dampingOf(
  mode: ConfigMode,
  target: (scope: Scope) => { damping?: DampingConfig | false },
): Setting {
  return setting(mode, {
    tokens: [
      keyword('damping', 'Hold back links that keep going down'),
      options(
        [
          keyword('half-life', 'Time in which a penalty halves'),
          value('halfLife', range(1, 3600, 's'), 'Time', { default: DEFAULT.halfLife, called: 'half-life' }),
        ],
        [
          keyword('reuse', 'Penalty below which a link is used again'),
          value('reuse', range(100, 20000), 'Penalty; each time down adds 1000', { default: DEFAULT.reuse }),
        ],
        [
          keyword('suppress', 'Penalty at which a link is held back'),
          value('suppress', range(1000, 20000), 'Penalty; each time down adds 1000', {
            default: DEFAULT.suppress,
          }),
        ],
        [
          keyword('max', 'Longest time held back after the last time down'),
          value('max', range(1, 86400, 's'), 'Time', { default: DEFAULT.max }),
        ],
      ),
    ],
    noNeeds: 1,
    default: 'on, with its default values',
    set(scope, given) {
      target(scope).damping = { ...DEFAULT, ...given };
    },
    unset(scope) {
      target(scope).damping = false;
    },
    reset(scope) {
      delete target(scope).damping;
    },
    render(scope) {
      const { damping } = target(scope);
      return damping === undefined ? [] : [dampingLine(damping)];
    },
    preset: (scope) => dampingLine(interfaceOf(scope).damping ?? DEFAULT),
  });
}

function dampingLine(damping: DampingConfig | false): string {
  if (damping === false) return 'no damping';
  const { halfLife, reuse, suppress, max } = damping;
  return `damping half-life ${halfLife} reuse ${reuse} suppress ${suppress} max ${max}`;
}

/** Why these numbers cannot work together, or null. */
export function dampingProblem({ halfLife, reuse, suppress, max }: DampingConfig): string | null {
  if (reuse >= suppress) return `reuse ${reuse} is not below suppress ${suppress}`;
  // Penalties are capped at what decays to `reuse` in `max` seconds.
  if (reuse * 2 ** (max / halfLife) >= suppress) return null;
  return `with a half-life of ${halfLife} s nothing is ever held back for as little as max ${max} s`;
}
