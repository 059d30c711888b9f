import type { Address } from './address.ts';
import type { BackoffOptions } from './backoff.ts';
import { Channels } from './channels.ts';
import type { ConnectionState } from './connection-state.ts';
import type { Credentials } from './credentials.ts';
import { openLink, type Link } from './link.ts';
import type { Stop } from './options.ts';
import { nextTry, noTries, type End, type Tries } from './reconnect.ts';

/** How long a connection must hold before the attempts are counted anew, in ms. */
const HOLD_MS = 10_000;

type ConnectionOptions = {
  address: Address;
  credentials: Credentials;
  reconnect: BackoffOptions;
  silenceMs: number;
};

type Listener = (state: ConnectionState) => void;

/** The connection to the server: there while somebody needs it, and made again when it is lost. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #members = new Set<Listener>();
  readonly #observers = new Set<Listener>();
  #state: ConnectionState = { is: 'idle' };
  #tries: Tries = noTries;
  #link: Link | undefined;
  #channels: Channels | undefined;
  /** Ends the timers of the present state. */
  #rest: Stop = () => undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** There while the state is `connected`; another one after every connect. */
  get channels(): Channels | undefined {
    return this.#channels;
  }

  /** Needs the connection from now on, and hears of its state, at once and whenever it changes. */
  join(listener: Listener): Stop {
    const member: Listener = (state) => listener(state);
    this.#members.add(member);
    // A newcomer is a reason to ask again, even after the server refused.
    if (this.#state.is === 'idle' || this.#state.is === 'error') this.#open();
    member(this.#state);
    return () => {
      if (this.#members.delete(member) && this.#members.size === 0 && this.#state.is !== 'closed') this.#leave({ is: 'idle' });
    };
  }

  /** Hears of every change without needing the connection. */
  observe(listener: Listener): Stop {
    const observer: Listener = (state) => listener(state);
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  /** For good. */
  close(): void {
    this.#leave({ is: 'closed' });
    this.#observers.clear();
  }

  #open(): void {
    const { address, credentials } = this.#options;
    this.#enter({ is: 'connecting', attempt: this.#tries.attempt, since: Date.now() });
    const link = openLink(address, credentials, {
      onOpen: () => this.#opened(link),
      onMessage: (message) => this.#heard(message),
      onEnd: (end) => this.#ended(end),
    });
    this.#link = link;
  }
}
