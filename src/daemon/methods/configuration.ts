/** The configuration: what runs and what is saved, candidates, commits, the archive, reloads and accounting. */
import { z } from 'zod';
import { ARCHIVE_ENTRIES, MAX_COMMENT, MAX_CONFIRM_MINUTES, MAX_RELOAD_MINUTES } from '../../api/index.js';
import { withoutSecrets } from '../../config/secrets.js';
import { admin, type MethodTable, read } from './method.js';
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
  'show.runningConfig': read(nothing, ({ configurator }) => configurator.views.running()),
  'show.startupConfig': read(nothing, ({ configurator }) => configurator.views.startupFile()),
  'show.accounting': admin(
    z.strictObject({ last: z.int().min(1).max(1000).optional() }),
    ({ configurator }, { last }) => configurator.views.records(last),
  ),

  // --- editing --------------------------------------------------------------------------------------

  'config.apply': admin(
    commitOptions.extend({
      context: z.array(line).max(3),
      lines: z.array(line),
      mode: z.enum(['merge', 'replace']),
      checkOnly: z.boolean(),
    }),
    ({ configurator, who }, params) => configurator.apply(who, params),
  ),
  'config.state': read(nothing, ({ configurator, who }) => configurator.state(who)),
  'config.open': admin(
    z
      .strictObject({
        mode: z.enum(['terminal', 'exclusive', 'private', 'session']),
        session: session.optional(),
        force: z.boolean().optional(),
      })
      .refine((params) => (params.mode === 'session') === (params.session !== undefined), {
        message: 'a name belongs to mode session, and to no other',
      }),
    ({ configurator, who }, params) => configurator.open(who, params),
  ),
  'config.close': admin(nothing, ({ configurator, who }) => configurator.close(who)),
  'config.candidate': read(nothing, ({ configurator, who }) => configurator.views.candidate(who)),
  'config.compare': read(
    z.strictObject({ with: z.union([z.enum(['running', 'startup']), archiveNumber]).optional() }),
    ({ configurator, who }, params) => configurator.views.compare(who, params.with),
  ),
  'config.discard': admin(nothing, ({ configurator, who }) => configurator.discard(who)),
  'config.update': admin(nothing, ({ configurator, who }) => configurator.update(who)),
  'config.sessions': read(nothing, ({ configurator }) => configurator.views.namedCandidates()),
  'config.removeSession': admin(z.strictObject({ session }), ({ configurator, who }, params) =>
    configurator.removeCandidate(who, params.session),
  ),

  // --- commits and the archive ----------------------------------------------------------------------

  'config.commit': admin(
    commitOptions.extend({ checkOnly: z.boolean().optional() }),
    ({ configurator, who }, params) => configurator.commit(who, params),
  ),
  'config.confirm': admin(nothing, ({ configurator, who }) => configurator.confirm(who)),
  'config.abort': admin(nothing, ({ configurator, who }) => configurator.abort(who)),
  'config.rollback': admin(commitOptions.extend({ number: archiveNumber }), ({ configurator, who }, params) =>
    configurator.rollback(who, params),
  ),
  'config.detach': admin(nothing, ({ configurator, who }) => configurator.detach(who)),
  'config.archive': read(nothing, ({ configurator }) => configurator.views.archived()),
  'config.archived': read(z.strictObject({ number: archiveNumber }), ({ configurator }, { number }) =>
    configurator.views.archivedText(number),
  ),

  // --- the startup configuration --------------------------------------------------------------------

  'config.write': admin(nothing, ({ configurator, who }) => configurator.write(who)),
  'config.erase': admin(nothing, ({ configurator, who }) => configurator.erase(who)),
  'reload.start': admin(
    z.strictObject({ inMinutes: z.int().min(1).max(MAX_RELOAD_MINUTES).optional() }),
    ({ configurator, who }, { inMinutes }) => configurator.reload(who, inMinutes),
  ),
  'reload.cancel': admin(nothing, ({ configurator, who }) => configurator.cancelReload(who)),
} satisfies Partial<MethodTable>;
