/** What a method of the control API is made of. */
import type { z } from 'zod';
import type { Config } from '../../api/config.js';
import type {
  ClientStatus,
  HelloParams,
  HelloResult,
  MethodName,
  Methods,
  Privilege,
  Who,
} from '../../api/index.js';
import type { Native } from '../../native/binding.js';
import type { EventLog } from '../base/event-log.js';
import type { Log } from '../base/log.js';
import type { Logging } from '../base/logging.js';
import type { Configurator } from '../commits/configurator.js';
import type { Finder } from '../interfaces/finder.js';
import type { Invitations } from '../joining/invitations.js';
import type { Joiner } from '../joining/join.js';
import type { Debugs } from '../observe/debugs.js';
import type { EventHandler } from '../observe/event-handler.js';
import type { Expiries } from '../observe/expiries.js';
import type { Histories } from '../observe/link-histories.js';

/** The parts of the daemon that methods work with. */
export interface DaemonParts {
  log: Log;
  logging: Pick<Logging, 'status'>;
  eventHandler: Pick<EventHandler, 'status'>;
  native: Pick<Native, 'now' | 'hasHardwareAes' | 'aeadLibrary'>;
  hostname(): string;
  /** The configuration that runs. Methods must not modify it. */
  runningConfig(): Config;
  configurator: Configurator;
  find: Finder;
  /** Why an enabled interface does not run, by its name. */
  faults: ReadonlyMap<string, string>;
  events: EventLog;
  histories: Histories;
  invitations: Invitations;
  joiner: Joiner;
  expiries: Expiries;
  debugs: Debugs;
  /** Number of connections on all control sockets. */
  connections(): number;
}

/** What a method may do to the connection that it was called on. */
export interface CallingConnection {
  hello(params: HelloParams): HelloResult;
  /** Cancels another request of the connection; does nothing when it has ended already. */
  cancel(id: number | string): void;
  /** From now on events are pushed, or no longer. */
  setSubscribed(subscribed: boolean): void;
}

/** What a method is called with. */
export interface MethodContext extends DaemonParts {
  who: Who;
  privilege: Privilege;
  connection: CallingConnection;
  /** Everybody who is connected to this socket. */
  clients(): Omit<ClientStatus, 'own'>[];
  /** Aborts when the client disconnects or cancels the request. */
  signal: AbortSignal;
}

/** A schema may yield `undefined` for an optional parameter. */
type Lenient<Params> = { [Key in keyof Params]: Params[Key] | undefined };

export interface Method<M extends MethodName> {
  /** Methods that change anything need `admin`, and are logged with who called them. */
  privilege: Privilege;
  /** Checks the form of parameters, such as that of names, not whether what they name exists. */
  params: z.ZodType<Lenient<Methods[M]['params']>>;
  /** It waits for something outside: other requests of the connection are served meanwhile. */
  isSlow: boolean;
  /**
   * Throws `RequestError` for what the user can understand; anything else that is thrown is logged and answered as an
   * internal error.
   */
  run(
    context: MethodContext,
    params: Methods[M]['params'],
  ): Methods[M]['result'] | Promise<Methods[M]['result']>;
}

export type MethodTable = { readonly [M in MethodName]: Method<M> };

/** A method that everybody may call. */
export function read<M extends MethodName>(
  params: Method<M>['params'],
  run: Method<M>['run'],
  pace?: 'slow',
): Method<M> {
  return { privilege: 'read', params, run, isSlow: pace === 'slow' };
}

/** A method that only administrators may call. */
export function admin<M extends MethodName>(
  params: Method<M>['params'],
  run: Method<M>['run'],
  pace?: 'slow',
): Method<M> {
  return { privilege: 'admin', params, run, isSlow: pace === 'slow' };
}

/** The method of this name; null when there is none. Parameters must pass its own schema before they reach it. */
export function findMethod(methods: MethodTable, name: string): Method<MethodName> | null {
  return Object.hasOwn(methods, name) ? (methods[name as MethodName] as Method<MethodName>) : null;
}
