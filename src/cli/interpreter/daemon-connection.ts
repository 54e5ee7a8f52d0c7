/** The connection to the daemon: made when it is first needed and again after a loss, with the events that come over it. */
import type { ControlEvent } from '../../api/index.js';
import { DaemonClient } from '../base/daemon-client.js';

export interface ConnectionOptions {
  socket: string;
  /** How long to wait for a daemon that is not there yet. */
  patienceMs: number;
  clientName: string;
  /** Hears every event once `subscribe` was called, also after a loss. */
  onEvent?(event: ControlEvent): void;
  /** The connection ended, and not by `close`. */
  onLost?(): void;
}

export class DaemonConnection {
  private readonly options: ConnectionOptions;
  private readonly onConnect: () => void;
  private connecting: Promise<DaemonClient> | null = null;
  private readonly listeners = new Set<(event: ControlEvent) => void>();
  private wantsEvents = false;
  /** The client that sends events. */
  private subscribed: DaemonClient | null = null;
  private isOver = false;

  /** `onConnect` is called before each attempt to connect: what the daemon knew of this program is gone. */
  constructor(options: ConnectionOptions, onConnect: () => void) {
    this.options = options;
    this.onConnect = onConnect;
  }

  client(): Promise<DaemonClient> {
    this.connecting = (this.connecting ?? Promise.reject()).then(
      (client) => (client.closed ? this.connect() : client),
      () => this.connect(),
    );
    return this.connecting;
  }

  /** Cancels what the daemon is doing for this program. */
  interrupt(): void {
    void this.connecting?.then(
      (client) => client.interrupt(),
      () => undefined,
    );
  }

  /** Ends the connection, and with it whatever the daemon is doing for it. */
  async close(): Promise<void> {
    this.isOver = true;
    const client = await this.connecting?.catch(() => null);
    client?.close();
    this.connecting = null;
  }

  /** Asks the daemon for events, over connections to come as well. */
  async subscribe(): Promise<void> {
    this.wantsEvents = true;
    const client = await this.client();
    if (this.subscribed !== client) await this.follow(client);
  }

  /** Calls `listener` with each event until `signal` aborts; `lost` if the connection ends before. */
  async listen(
    listener: (event: ControlEvent) => void,
    lost: () => void,
    signal: AbortSignal,
  ): Promise<void> {
    this.listeners.add(listener);
    signal.addEventListener('abort', () => this.listeners.delete(listener));
    await this.subscribe();
    (await this.client()).onClose(lost);
  }

  private async connect(): Promise<DaemonClient> {
    this.onConnect();
    const { socket, clientName, patienceMs } = this.options;
    const client = await DaemonClient.connect(socket, clientName, patienceMs);
    if (this.wantsEvents) await this.follow(client);
    return client;
  }

  private async follow(client: DaemonClient): Promise<void> {
    this.subscribed = client;
    client.onEvent((event) => {
      for (const listener of this.listeners) listener(event);
      this.options.onEvent?.(event);
    });
    client.onClose(() => {
      if (!this.isOver) this.options.onLost?.();
    });
    await client.request('events.subscribe', {});
  }
}
