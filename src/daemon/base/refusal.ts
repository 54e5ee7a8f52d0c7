/** Errors as the asker hears them. */

import type { Log } from './log.js';
import { RequestError } from './request-errors.js';

/** The answer to a request that failed; a cause that is not for everybody goes to the log. */
export function refusal(error: Error, log: Log): RequestError {
  if (error.cause !== undefined) log.error({ err: error.cause }, error.message);
  return new RequestError(error.message);
}
