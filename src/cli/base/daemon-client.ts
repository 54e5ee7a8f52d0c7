/** The client library, with errors that carry exit codes, and Ctrl-C. */
import {
  type ControlEvent,
  ERROR,
  type HelloResult,
  type MethodName,
  type Methods,
} from '../../api/index.js';
import { type Client as Connection, ConnectionError, ControlError, connect } from '../../client/index.js';
import { CliFailure, EXIT, failure } from './failure.js';

const ANSWER_WITHIN_MS = 5_000;
/** Methods that change the configuration. */
const CHANGES = /^config\./;

/** An error that the daemon answered with. */
export class AnsweredError extends ControlError {
  get exitCode(): number {
    return this.code > 0 ? this.code : EXIT.FAILED;
  }
}

export class DaemonClient {
  readonly hello: HelloResult;
  private readonly connection: Connection;
  private interruption = new AbortController();
  private stopListening: () => void = () => undefined;

  private constructor(connection: Connection) {
    this.connection = connection;
    this.hello = connection.hello;
  }

  /**
   * Connects and greets. Fails with a clear sentence when there is no daemon, a silent one, or one of another protocol.
   * A daemon that is not there yet may come within `patienceMs`.
   */
  static async connect(path: string, clientName: string, patienceMs = 0): Promise<DaemonClient> {
    try {
      return new DaemonClient(await connect({ socket: path, name: clientName, patienceMs }));
    } catch (error) {
      throw toFailure(error);
    }
  }

  get closed(): boolean {
    return this.connection.closed;
  }

  /** Calls a method; `patienceMs` is how long its work may take on top of the usual time for an answer. */
  async request<M extends MethodName>(
    method: M,
    params: Methods[M]['params'],
    patienceMs = 0,
  ): Promise<Methods[M]['result']> {
    const { signal } = this.interruption;
    const timeoutMs = ANSWER_WITHIN_MS + patienceMs;
    const options = CHANGES.test(method) ? { timeoutMs } : { timeoutMs, signal };
    try {
      return await this.connection.request<MethodName>(method, params, options);
    } catch (error) {
      if (signal.aborted && error === signal.reason) throw failure(EXIT.INTERRUPTED, 'interrupted');
      if (error instanceof ControlError && error.code === ERROR.METHOD_NOT_FOUND) {
        throw failure(EXIT.FAILED, `the daemon is version ${this.hello.version} and does not support this`);
      }
      throw toFailure(error);
    }
  }

  onEvent(listener: ((event: ControlEvent) => void) | null): void {
    this.stopListening();
    if (listener !== null) this.stopListening = this.connection.onEvent(listener);
  }

  /** Calls `listener` once when the connection ends. */
  onClose(listener: () => void): void {
    this.connection.onClose(listener);
  }

  /**
   * Cancels the requests under way, which fail as interrupted at once. Changes of the configuration run to their end:
   * nobody should have to guess how much of a change was made.
   */
  interrupt(): void {
    this.interruption.abort();
    this.interruption = new AbortController();
  }

  /** Ends the connection; what the daemon was doing for it is cancelled. */
  close(): void {
    this.connection.close();
  }
}

/** What a command failed of, ready to be printed. Throws on what nobody expected. */
export function asFailure(error: unknown): CliFailure {
  if (error instanceof CliFailure) return error;
  if (error instanceof AnsweredError) return failure(error.exitCode, error.message);
  // Parts of the program are read when they are first needed: an upgrade has taken the files of a shell that stayed open.
  if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND')
    return failure(
      EXIT.FAILED,
      'octolink has been replaced since it was started: leave it and start it again',
    );
  throw error;
}

function toFailure(error: unknown): unknown {
  if (error instanceof ControlError) {
    const { code, message, problems } = error;
    return new AnsweredError({ code, message, data: [...problems] });
  }
  if (error instanceof ConnectionError) {
    return failure(error.fault === 'not-permitted' ? EXIT.NOT_PERMITTED : EXIT.NO_DAEMON, error.message);
  }
  return error;
}
