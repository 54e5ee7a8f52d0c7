/** `show interfaces`, `show mac-table`. */
import { interfaceStatus } from '../answers/interface-status.js';
import { macEntries, macPage } from '../answers/mac-entries.js';
import { noInterface } from '../interfaces/finder.js';
import { type MethodTable, read } from './method.js';
import { ofInterface, page } from './params.js';

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
  'show.macTable': read(ofInterface, ({ find }, { interface: name }) => macEntries(find.interfaces(name))),
  'show.macTablePage': read(page, ({ find }, params) => macPage(find.interfaces(params.interface), params)),
} satisfies Partial<MethodTable>;
