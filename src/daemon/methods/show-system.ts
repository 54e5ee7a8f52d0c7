/** `show version`, `show system`, `show metrics`. */
import { systemInfo, versionInfo } from '../answers/system-info.js';
import { collectMetrics } from '../observe/metric-families.js';
import { type MethodTable, read } from './method.js';
import { nothing } from './params.js';

export const SYSTEM_METHODS = {
  'show.version': read(nothing, ({ hostname }) => versionInfo(hostname())),
  'show.system': read(nothing, ({ native, find, connections }) =>
    systemInfo(native, find.interfaces(), connections()),
  ),
  'show.metrics': read(nothing, ({ find, histories, expiries }) =>
    collectMetrics({ runtimes: find.interfaces(), histories, expiries }),
  ),
} satisfies Partial<MethodTable>;
