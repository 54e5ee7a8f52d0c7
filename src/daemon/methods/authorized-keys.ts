/** `show authorized-keys`, `clear authorized-keys`. */
import { authorizedKeys, keysPage } from '../answers/authorized-keys.js';
import { admin, type MethodTable, read } from './method.js';
import { ofInterface, page } from './params.js';

export const AUTHORIZED_KEY_METHODS = {
  'show.authorizedKeys': read(ofInterface, ({ find }, params) =>
    authorizedKeys(find.interfaces(params.interface)),
  ),
  'show.authorizedKeysPage': read(page, ({ find }, params) =>
    keysPage(find.interfaces(params.interface), params),
  ),
  'clear.authorizedKeys': admin(ofInterface, async ({ find }, params) => {
    const runtimes = find.interfaces(params.interface).filter(({ config }) => config.authorizedKeys);
    await Promise.all(runtimes.map(({ clients }) => clients.reread()));
    return runtimes.map(({ name, clients, config }) => ({
      interface: name,
      file: config.authorizedKeys?.file ?? '',
      clients: clients.known,
      wrong: clients.wrong,
      fault: clients.fileFault,
    }));
  }),
} satisfies Partial<MethodTable>;
