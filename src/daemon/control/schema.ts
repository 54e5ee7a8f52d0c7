/** The border: what a client may send, checked before anything else sees it. */
import { z } from 'zod';
import {
  ARCHIVE_ENTRIES,
  MAX_COMMENT,
  MAX_CONFIRM_MINUTES,
  MAX_RELOAD_MINUTES,
  type MethodName,
  type Methods,
} from '../../api/index.js';
import { withoutSecrets } from '../../config/secrets.js';
import { IFNAME, isRefusal, NAME, type ValueType } from '../../grammar/values.js';
import { UNPRINTABLE } from '../../grammar/words.js';

function typed(type: ValueType) {
  return z.string().superRefine((text, context) => {
    const parsed = type.parse(text);
    if (isRefusal(parsed)) context.addIssue({ code: 'custom', message: parsed.refused });
  });
}

const interfaceName = typed(IFNAME);
const peerName = typed(NAME);
const linkId = z.int().min(0).max(7);
/** Shown on the terminals of others, where a control character would be obeyed. */
const shown = z.string().refine((text) => !UNPRINTABLE.test(text), 'a character that cannot be printed');
const nothing = z.strictObject({});
const line = z.string().max(4096);
const ofInterface = z.strictObject({ interface: interfaceName.optional() });
const ofPeer = z.strictObject({ interface: interfaceName.optional(), peer: peerName.optional() });
const onePeer = z.strictObject({ interface: interfaceName.optional(), peer: peerName });

const page = z.strictObject({
  interface: interfaceName.optional(),
  cursor: z.string().max(32).optional(),
  limit: z.int().min(1).max(1000),
});
const requestId = z.union([z.number(), z.string().max(64)]);
const archiveNumber = z
  .int()
  .min(0)
  .max(ARCHIVE_ENTRIES - 1);
const sessionName = peerName;
const commitOptions = z.strictObject({
  /** It is archived and recorded: a key that was pasted into it by mistake ends here. */
  comment: shown.min(1).max(MAX_COMMENT).transform(withoutSecrets).optional(),
  confirmMinutes: z.int().min(1).max(MAX_CONFIRM_MINUTES).optional(),
  candidate: z.boolean().optional(),
});

const schemas = {
  /** Not strict: a newer client may say more of itself than this daemon knows. */
  hello: z.object({
    protocol: z.int().min(0),
    oldestProtocol: z.int().min(0).optional(),
    client: shown.max(100),
  }),
  'show.version': nothing,
  'show.interfaces': ofInterface,
  'show.peers': ofInterface,
  'show.peersPage': page,
  'show.peer': onePeer,
  'show.links': ofPeer,
  'show.linksPage': page,
  'show.mtu': ofPeer,
  'show.linkHistory': ofPeer.extend({ link: linkId.optional(), step: z.enum(['seconds', 'minutes']) }),
  'show.metrics': nothing,
  'show.macTable': ofInterface,
  'show.counters': ofPeer,
  'show.countersPage': page,
  'show.users': nothing,
  'show.events': ofPeer.extend({ link: linkId.optional(), last: z.int().min(1).max(10000).optional() }),
  'show.drops': z.strictObject({ interface: interfaceName.optional(), all: z.boolean().optional() }),
  'show.runningConfig': nothing,
  'show.startupConfig': nothing,
  'show.system': nothing,
  'config.apply': commitOptions.extend({
    context: z.array(line).max(3),
    lines: z.array(line),
    mode: z.enum(['merge', 'replace']),
    checkOnly: z.boolean(),
  }),
  'config.write': nothing,
  'config.state': nothing,
  'config.open': z
    .strictObject({
      mode: z.enum(['terminal', 'exclusive', 'private', 'session']),
      session: sessionName.optional(),
      force: z.boolean().optional(),
    })
    .refine(({ mode, session }) => (mode === 'session') === (session !== undefined), {
      message: 'a name belongs to mode session, and to no other',
    }),
  'config.close': nothing,
  'config.candidate': nothing,
  'config.compare': z.strictObject({
    with: z.union([z.enum(['running', 'startup']), archiveNumber]).optional(),
  }),
  'config.commit': commitOptions.extend({ checkOnly: z.boolean().optional() }),
  'config.confirm': nothing,
  'config.abort': nothing,
  'config.discard': nothing,
  'config.update': nothing,
  'config.rollback': commitOptions.extend({ number: archiveNumber }),
  'config.detach': nothing,
  'config.archive': nothing,
  'config.archived': z.strictObject({ number: archiveNumber }),
  'config.sessions': nothing,
  'config.removeSession': z.strictObject({ session: sessionName }),
  'reload.start': z.strictObject({ inMinutes: z.int().min(1).max(MAX_RELOAD_MINUTES).optional() }),
  'reload.cancel': nothing,
  'show.accounting': z.strictObject({ last: z.int().min(1).max(1000).optional() }),
  'clear.counters': ofPeer,
  'clear.peer': onePeer,
  'explain.peer': onePeer,
  'explain.flows': onePeer,
  'drain.link': onePeer.extend({ link: linkId, timeoutS: z.number().min(0).max(86400) }),
  'undrain.link': onePeer.extend({ link: linkId }),
  wait: ofPeer
    .extend({
      link: linkId.optional(),
      state: z.enum(['up', 'down']),
      timeoutS: z.number().min(0).max(86400),
    })
    .refine(({ peer, link }) => peer !== undefined || link === undefined, 'a link is one of a peer')
    .refine((what) => what.peer !== undefined || what.interface !== undefined, 'name a peer or an interface'),
  ping: onePeer.extend({
    link: linkId.optional(),
    count: z.int().min(1).max(1000),
    size: z.int().min(0).max(65000),
    intervalMs: z.int().min(10).max(10000),
  }),
  complete: ofPeer.extend({ kind: z.enum(['interface', 'peer', 'link', 'session']) }),
  cancel: z.strictObject({ id: requestId }),
  'events.subscribe': nothing,
  'events.unsubscribe': nothing,
} satisfies Record<MethodName, z.ZodType>;

export const METHOD_NAMES = Object.keys(schemas) as readonly MethodName[];

export function isMethod(name: string): name is MethodName {
  return Object.hasOwn(schemas, name);
}

/** The parameters of a method, or a sentence that says what is wrong with them. */
export function checkParams<M extends MethodName>(
  method: M,
  params: unknown,
): { params: Methods[M]['params'] } | { wrong: string } {
  const result = schemas[method].safeParse(params ?? {});
  if (result.success) return { params: result.data as Methods[M]['params'] };
  const [issue] = result.error.issues;
  return { wrong: [issue.path.join('.'), issue.message].filter(Boolean).join(': ') };
}

const envelope = z.strictObject({
  jsonrpc: z.literal('2.0'),
  /** Absent: a notification, which is not answered. */
  id: requestId.optional(),
  method: z.string().max(64),
  params: z.unknown().optional(),
});

export type Envelope = z.infer<typeof envelope>;

/** A request's envelope, or a sentence that says what is wrong with it. */
export function checkEnvelope(message: unknown): Envelope | { wrong: string } {
  if (Array.isArray(message)) return { wrong: 'a batch stands alone on its line' };
  const result = envelope.safeParse(message);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  return { wrong: [issue.path.join('.'), issue.message].filter(Boolean).join(': ') };
}
