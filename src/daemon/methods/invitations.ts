/** `invite`, `revoke`, `show invitations`, `join`. */
import { z } from 'zod';
import { CIDR4, CIDR6, isRefusal } from '../../grammar/values.js';
import { MAX_TOKEN_ENDPOINTS } from '../../member/token.js';
import { admin, type MethodTable, read } from './method.js';
import { carriedVlans, interfaceName, ofInterface, peerName } from './params.js';

const YEAR_S = 31_536_000;
const MAX_TOKEN = 1024;

const hostAddress = z
  .string()
  .refine(
    (text) => [CIDR4, CIDR6].some((type) => !isRefusal(type.parse(text))),
    'no address with its prefix length',
  );
const address = z.union([z.enum(['auto', 'none']), hostAddress]);

export const INVITATION_METHODS = {
  'setup.propose': admin(
    z.strictObject({
      interface: interfaceName,
      addresses: z.array(hostAddress).min(1).max(2),
      listenPort: z.int().min(1).max(65_535),
      links: z.int().min(1).max(8).optional(),
    }),
    ({ joiner }, params) => joiner.proposeFirst(params),
  ),
  'invitation.make': admin(
    ofInterface.extend({
      name: peerName,
      template: peerName.optional(),
      vlan: carriedVlans.optional(),
      validS: z.int().min(60).max(YEAR_S),
      uses: z.int().min(1).max(1000),
      address: address.optional(),
      endpoints: z.array(z.string().max(64)).min(1).max(MAX_TOKEN_ENDPOINTS).optional(),
    }),
    ({ invitations }, params) => invitations.make(params),
  ),
  'invitation.revoke': admin(ofInterface.extend({ name: peerName }), ({ invitations }, params) =>
    invitations.revoke(params.name, params.interface),
  ),
  'show.invitations': read(ofInterface, ({ invitations }, params) => invitations.list(params.interface)),
  join: admin(
    z.strictObject({ token: z.string().max(MAX_TOKEN), interface: interfaceName.optional() }),
    ({ joiner, signal }, params) => joiner.join(params, signal),
    'slow',
  ),
} satisfies Partial<MethodTable>;
