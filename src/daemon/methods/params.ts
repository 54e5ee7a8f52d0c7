/** Parts of the schemas of parameters. */
import { z } from 'zod';
import { IFNAME, isRefusal, NAME, type ValueType, VLAN_LIST } from '../../grammar/values.js';
import { UNPRINTABLE } from '../../grammar/words.js';

/** A text that a value type of the grammar reads. */
export function typed(type: ValueType) {
  return z.string().superRefine((text, context) => {
    const parsed = type.parse(text);
    if (isRefusal(parsed)) context.addIssue({ code: 'custom', message: parsed.refused });
  });
}

export const nothing = z.strictObject({});
export const interfaceName = typed(IFNAME);
export const peerName = typed(NAME);
export const linkId = z.int().min(0).max(7);
const vlan = z.int().min(1).max(4094);
/** What a port carries. */
export const carriedVlans = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('access'), vlan }),
  z.strictObject({
    mode: z.literal('trunk'),
    native: vlan.exactOptional(),
    allowed: typed(VLAN_LIST).exactOptional(),
  }),
]);
/** Text that is shown on the terminals of others, which would obey control characters. */
export const shown = z
  .string()
  .refine((text) => !UNPRINTABLE.test(text), 'a character that cannot be printed');

export const ofInterface = z.strictObject({ interface: interfaceName.optional() });
export const ofPeer = ofInterface.extend({ peer: peerName.optional() });
export const onePeer = ofInterface.extend({ peer: peerName });
export const oneLink = onePeer.extend({ link: linkId });

export const page = ofInterface.extend({
  cursor: z.string().max(32).optional(),
  limit: z.int().min(1).max(1000),
});

/** Id of a JSON-RPC request. */
export const requestId = z.union([z.number(), z.string().max(64)]);
/** Seconds that a request may take, up to a day. */
export const timeoutS = z.number().min(0).max(86400);
