/** `show version`, `show system`, `show metrics`. */
import { systemInfo, versionInfo } from '../answers/system-info.js';
import { collectMetrics } from '../observe/metric-families.js';
import type { MethodTable } from './method.js';
import { nothing } from './params.js';

export const SYSTEM_METHODS = {
  'show.version': {
    privilege: 'read',
    params: nothing,
    run: ({ hostname }) => versionInfo(hostname()),
  },
  'show.system': {
    privilege: 'read',
    params: nothing,
    run: ({ native, find, connections }) =>
      systemInfo(native.hasHardwareAes(), find.interfaces(), connections()),
  },
  'show.metrics': {
    privilege: 'read',
    params: nothing,
    run: ({ find, histories }) => collectMetrics({ runtimes: find.interfaces(), histories }),
  },
} satisfies Partial<MethodTable>;
