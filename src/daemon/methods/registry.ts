/** `show registry`, `member revoke`. */
import { registryStatus } from '../answers/registry-status.js';
import { RequestError } from '../base/request-errors.js';
import { admin, type MethodTable, read } from './method.js';
import { ofInterface, peerName } from './params.js';

export const REGISTRY_METHODS = {
  'show.registry': read(ofInterface, ({ find }, params) =>
    find
      .interfaces(params.interface)
      .filter(({ config }) => config.registry !== undefined)
      .map(registryStatus),
  ),
  'member.revoke': admin(ofInterface.extend({ name: peerName }), async ({ find }, params) => {
    const { name } = params;
    const found = find
      .interfaces(params.interface)
      .filter(({ config, members }) => config.registry !== undefined && members.registry.hasMember(name));
    if (found.length === 0) throw new RequestError(`no registry knows a member ${name}`);
    if (found.length > 1)
      throw new RequestError(`several interfaces know a member ${name}: say which interface`);
    const [{ name: on, members }] = found;
    const { key, published } = await members.registry.revoke(name);
    return { interface: on, name, publicKey: key, published };
  }),
} satisfies Partial<MethodTable>;
