/** The configuration: what runs and what is saved, candidates, commits, the archive, reloads and accounting. */
import { z } from 'zod';
import { ARCHIVE_ENTRIES, MAX_COMMENT, MAX_CONFIRM_MINUTES, MAX_RELOAD_MINUTES } from '../../api/index.js';
import { withoutSecrets } from '../../config/secrets.js';
import type { MethodTable } from './method.js';
import { nothing, peerName, shown } from './params.js';

const archiveNumber = z
  .int()
  .min(0)
  .max(ARCHIVE_ENTRIES - 1);
/** Name of a candidate. */
const session = peerName;
const line = z.string().max(4096);
const commitOptions = z.strictObject({
  /** It is archived and recorded: a key pasted into it by mistake is removed here. */
  comment: shown.min(1).max(MAX_COMMENT).transform(withoutSecrets).optional(),
  confirmMinutes: z.int().min(1).max(MAX_CONFIRM_MINUTES).optional(),
  candidate: z.boolean().optional(),
});

export const CONFIGURATION_METHODS = {
  'show.runningConfig': {
    privilege: 'read',
    params: nothing,
    run: ({ configurator }) => configurator.views.running(),
  },
  'show.startupConfig': {
    privilege: 'read',
    params: nothing,
    run: ({ configurator }) => configurator.views.startupFile(),
  },
  'show.accounting': {
    privilege: 'admin',
    params: z.strictObject({ last: z.int().min(1).max(1000).optional() }),
    run: ({ configurator }, { last }) => configurator.views.records(last),
  },

  // --- editing --------------------------------------------------------------------------------------

  'config.apply': {
    privilege: 'admin',
    params: commitOptions.extend({
      context: z.array(line).max(3),
      lines: z.array(line),
      mode: z.enum(['merge', 'replace']),
      checkOnly: z.boolean(),
    }),
    run: ({ configurator, who }, params) => configurator.apply(who, params),
  },
  'config.state': {
    privilege: 'read',
    params: nothing,
    run: ({ configurator, who }) => configurator.state(who),
  },
  'config.open': {
    privilege: 'admin',
    params: z
      .strictObject({
        mode: z.enum(['terminal', 'exclusive', 'private', 'session']),
        session: session.optional(),
        force: z.boolean().optional(),
      })
      .refine((params) => (params.mode === 'session') === (params.session !== undefined), {
        message: 'a name belongs to mode session, and to no other',
      }),
    run: ({ configurator, who }, params) => configurator.open(who, params),
  },
  'config.close': {
    privilege: 'admin',
    params: nothing,
    run: ({ configurator, who }) => configurator.close(who),
  },
  'config.candidate': {
    privilege: 'read',
    params: nothing,
    run: ({ configurator, who }) => configurator.views.candidate(who),
  },
  'config.compare': {
    privilege: 'read',
    params: z.strictObject({ with: z.union([z.enum(['running', 'startup']), archiveNumber]).optional() }),
    run: ({ configurator, who }, params) => configurator.views.compare(who, params.with),
  },
  'config.discard': {
    privilege: 'admin',
    params: nothing,
    run: ({ configurator, who }) => configurator.discard(who),
  },
  'config.update': {
    privilege: 'admin',
    params: nothing,
    run: ({ configurator, who }) => configurator.update(who),
  },
  'config.sessions': {
    privilege: 'read',
    params: nothing,
    run: ({ configurator }) => configurator.views.namedCandidates(),
  },
  'config.removeSession': {
    privilege: 'admin',
    params: z.strictObject({ session }),
    run: ({ configurator, who }, params) => configurator.removeCandidate(who, params.session),
  },

  // --- commits and the archive ----------------------------------------------------------------------

  'config.commit': {
    privilege: 'admin',
    params: commitOptions.extend({ checkOnly: z.boolean().optional() }),
    run: ({ configurator, who }, params) => configurator.commit(who, params),
  },
  'config.confirm': {
    privilege: 'admin',
    params: nothing,
    run: ({ configurator, who }) => configurator.confirm(who),
  },
  'config.abort': {
    privilege: 'admin',
    params: nothing,
    run: ({ configurator, who }) => configurator.abort(who),
  },
  'config.rollback': {
    privilege: 'admin',
    params: commitOptions.extend({ number: archiveNumber }),
    run: ({ configurator, who }, params) => configurator.rollback(who, params),
  },
  'config.detach': {
    privilege: 'admin',
    params: nothing,
    run: ({ configurator, who }) => configurator.detach(who),
  },
  'config.archive': {
    privilege: 'read',
    params: nothing,
    run: ({ configurator }) => configurator.views.archived(),
  },
  'config.archived': {
    privilege: 'read',
    params: z.strictObject({ number: archiveNumber }),
    run: ({ configurator }, { number }) => configurator.views.archivedText(number),
  },

  // --- the startup configuration --------------------------------------------------------------------

  'config.write': {
    privilege: 'admin',
    params: nothing,
    run: ({ configurator, who }) => configurator.write(who),
  },
  'reload.start': {
    privilege: 'admin',
    params: z.strictObject({ inMinutes: z.int().min(1).max(MAX_RELOAD_MINUTES).optional() }),
    run: ({ configurator, who }, { inMinutes }) => configurator.reload(who, inMinutes),
  },
  'reload.cancel': {
    privilege: 'admin',
    params: nothing,
    run: ({ configurator, who }) => configurator.cancelReload(who),
  },
} satisfies Partial<MethodTable>;
