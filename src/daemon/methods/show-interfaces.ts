/** `show interfaces`, `show mac-table`, `clear mac-table`. */

import { z } from 'zod';
import { MAC, MAC_PATTERN } from '../../grammar/values.js';
import { interfaceStatus } from '../answers/interface-status.js';
import { clearMacs } from '../answers/mac-clearing.js';
import { macCounts, macEntries, macPage, macSources } from '../answers/mac-entries.js';
import { noInterface } from '../interfaces/finder.js';
import { admin, type MethodTable, read } from './method.js';
import { ofInterface, page, peerName, typed } from './params.js';

/** Where stations are. */
const placeOfMacs = {
  vlan: z.int().min(0).max(4094).optional(),
  peer: peerName.optional(),
  local: z.boolean().optional(),
};
/** The fields of `MacFilter` but the interface. */
const wantedMacs = {
  ...placeOfMacs,
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
  'clear.macTable': admin(
    ofInterface.extend({ ...placeOfMacs, address: typed(MAC).optional() }),
    ({ find, signal }, filter) => clearMacs(find, filter, signal),
    'slow',
  ),
} satisfies Partial<MethodTable>;
