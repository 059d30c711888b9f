import type { Channels } from './channels.ts';
import type { Clock } from './clock.ts';
import type { Connection } from './connection.ts';
import type { ConnectionState } from './connection-state.ts';
import type { Ask, Link, ServerEvent } from './link.ts';
import type { Stop } from './options.ts';
import type { Traffic } from './traffic.ts';

type Listener = (state: ConnectionState) => void;

/** One client's part of a connection that others may use as well: it ends with the client, and the others stay. */
export class Lease {
  readonly #connection: Connection;
  readonly #release: Stop;
  /** Told of `closed`, then ended. */
  readonly #parts = new Map<Listener, Stop>();
  #isClosed = false;

  /** `release` is called once, when the lease ends. Without it, nobody else has the connection. */
  constructor(connection: Connection, release: Stop = () => connection.close()) {
    this.#connection = connection;
    this.#release = release;
  }

  get state(): ConnectionState {
    return this.#isClosed ? { is: 'closed' } : this.#connection.state;
  }

  /** There while the state is `connected`; another one after every connect and move. */
  get channels(): Channels | undefined {
    return this.#isClosed ? undefined : this.#connection.channels;
  }

  /** The same. */
  get link(): Link | undefined {
    return this.#isClosed ? undefined : this.#connection.link;
  }

  get traffic(): Traffic {
    return this.#connection.traffic;
  }

  /** How many are in each room through the connection. */
  get rooms(): Map<string, number> {
    return this.#connection.rooms;
  }

  /** The server's clock. */
  get clock(): Clock {
    return this.#connection.clock;
  }

  /** Needs the connection from now on, and hears of its state, at once and whenever it changes. */
  join(listener: Listener): Stop {
    return this.#add(listener, (told) => this.#connection.join(told));
  }

  /** Hears of every change without needing the connection. */
  observe(listener: Listener): Stop {
    return this.#add(listener, (told) => this.#connection.observe(told));
  }

  /**
   * Needs the connection, and calls back with what to ask the server with: now or once it is there, and again after every
   * reconnect and move, when the server knows nothing any more of what it was told. `onEvent` hears what the server sends
   * meanwhile, besides what channels are for.
   */
  keep(onConnect: (ask: Ask) => void, onEvent: (...event: ServerEvent) => void = () => undefined): Stop {
    const deafen = this.#connection.hear(onEvent);
    let last: unknown;
    const leave = this.join(() => {
      const { link } = this;
      if (link && link !== last) onConnect(link.ask);
      last = link;
    });
    return () => {
      deafen();
      leave();
    };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const parts = [...this.#parts];
    this.#parts.clear();
    for (const [tell, stop] of parts) {
      stop();
      tell({ is: 'closed' });
    }
    this.#release();
  }

  #add(listener: Listener, start: (listener: Listener) => Stop): Stop {
    const told: Listener = (state) => {
      if (!this.#isClosed) listener(state);
    };
    if (this.#isClosed) {
      listener({ is: 'closed' });
      return () => undefined;
    }
    const part: Listener = (state) => listener(state);
    let isOver = false;
    let stop: Stop = () => void (isOver = true);
    this.#parts.set(part, () => stop());
    stop = start(told);
    // It may have been ended while it was told for the first time.
    if (isOver) stop();
    return () => {
      this.#parts.delete(part);
      stop();
    };
  }
}
