/** `show interfaces`, `show mac-table`. */

import { z } from 'zod';
import { MAC_PATTERN } from '../../grammar/values.js';
import { interfaceStatus } from '../answers/interface-status.js';
import { macCounts, macEntries, macPage, macSources } from '../answers/mac-entries.js';
import { noInterface } from '../interfaces/finder.js';
import { type MethodTable, read } from './method.js';
import { ofInterface, page, peerName, typed } from './params.js';

/** The fields of `MacFilter` but the interface. */
const wantedMacs = {
  vlan: z.int().min(0).max(4094).optional(),
  peer: peerName.optional(),
  local: z.boolean().optional(),
  address: typed(MAC_PATTERN).optional(),
  state: z.enum(['static', 'dynamic']).optional(),
};
const ofMacs = ofInterface.extend(wantedMacs);

export const INTERFACE_METHODS = {
  'show.interfaces': read(ofInterface, ({ runningConfig, find, faults, histories }, { interface: name }) => {
    const configured = runningConfig().interfaces;
    const chosen = configured.filter((one) => name === undefined || one.name === name);
    if (name !== undefined && chosen.length === 0) throw noInterface(name);
    return chosen.map((config) =>
      interfaceStatus(
        config,
        find.interface(config.name) ?? null,
        faults.get(config.name) ?? null,
        histories.rates.of(config.name),
      ),
    );
  }),
  'show.macTable': read(ofMacs, ({ find }, filter) => macEntries(macSources(find, filter))),
  'show.macTablePage': read(page.extend(wantedMacs), ({ find }, { cursor, limit, ...filter }) =>
    macPage(macSources(find, filter), { limit, ...(cursor !== undefined && { cursor }) }),
  ),
  'show.macCount': read(ofMacs, ({ find }, filter) => macCounts(macSources(find, filter))),
} satisfies Partial<MethodTable>;
