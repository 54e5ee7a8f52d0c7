/** A connection to a daemon's control socket, for programs that ask too often to start the CLI each time. */
import type { ControlEvent, MethodName, Methods } from '../../src/api/index.js';
import { DaemonClient } from '../../src/cli/base/daemon-client.js';

/**
 * How long an answer may take on top of the CLI's own patience, in milliseconds: longer than any `wait` of the
 * lab, and than many daemons take to start together on few processors.
 */
const PATIENCE_MS = 60_000;

export class ControlConnection {
  private constructor(private readonly client: DaemonClient) {}

  /** Connects and says hello; rejects with the CLI's own sentence when no daemon answers. */
  static async open(path: string): Promise<ControlConnection> {
    return new ControlConnection(await DaemonClient.connect(path, 'octolink lab'));
  }

  /** Calls a method; rejects with the daemon's own message when it refuses. */
  call<M extends MethodName>(method: M, params: Methods[M]['params']): Promise<Methods[M]['result']> {
    return this.client.request(method, params, PATIENCE_MS);
  }

  /** From now on passes every event to `listener`. */
  async listen(listener: (event: ControlEvent) => void): Promise<void> {
    this.client.onEvent(listener);
    await this.call('events.subscribe', {});
  }

  close(): void {
    this.client.close();
  }
}
