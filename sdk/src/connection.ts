import type { Address } from './address.ts';
import type { BackoffOptions } from './backoff.ts';
import { Channels } from './channels.ts';
import type { ConnectionState } from './connection-state.ts';
import type { Credentials } from './credentials.ts';
import type { Link, OpenLink, ServerEvent } from './link.ts';
import { messagesOf } from './message.ts';
import type { Stop } from './options.ts';
import { QuantumFluxError } from './protocol/index.ts';
import { nextTry, noTries, type End, type Tries } from './reconnect.ts';
import { tellOne } from './watchers.ts';

/** How long a connection must hold before the attempts are counted anew, in ms. */
const HOLD_MS = 10_000;

type ConnectionOptions = {
  address: Address;
  credentials: Credentials;
  openLink: OpenLink;
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
  #heardAt = 0;
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
    if (this.#state.is === 'idle') this.#open();
    else member(this.#state);
    return () => {
      if (this.#members.delete(member) && this.#members.size === 0) this.#leave({ is: 'idle' });
    };
  }

  /** Hears of every change without needing the connection. */
  observe(listener: Listener): Stop {
    const observer: Listener = (state) => tellOne(listener, state);
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  /** For good. */
  close(): void {
    this.#leave({ is: 'closed' });
    this.#members.clear();
    this.#observers.clear();
  }

  #open(): void {
    const { address, credentials, openLink } = this.#options;
    this.#enter({ is: 'connecting', attempt: this.#tries.attempt, since: Date.now() });
    // Whoever was told may have ended it.
    if (this.#state.is !== 'connecting') return;
    this.#link = openLink(address, credentials, {
      onOpen: () => this.#opened(),
      onEvent: (...event) => this.#heard(event),
      onEnd: (end) => this.#ended(end),
    });
  }

  #opened(): void {
    this.#channels = new Channels(this.#link!);
    this.#heardAt = Date.now();
    const timer = setInterval(() => this.#checkSilence(), this.#options.silenceMs / 3);
    this.#enter({ is: 'connected', since: Date.now() }, () => clearInterval(timer));
  }

  #heard(event: ServerEvent): void {
    this.#heardAt = Date.now();
    for (const message of messagesOf(...event)) this.#channels?.deliver(message);
  }

  /** A connection can be dead long before the network says so: a laptop that slept, a router that forgot it. */
  #checkSilence(): void {
    if (!this.#channels?.isListening) this.#heardAt = Date.now();
    if (Date.now() - this.#heardAt <= this.#options.silenceMs) return;
    this.#link?.close();
    this.#ended({ is: 'lost', error: new QuantumFluxError('unavailable', 'The server fell silent.') });
  }

  #ended(end: End): void {
    this.#link = this.#channels = undefined;
    const held = this.#state.is === 'connected' && Date.now() - this.#state.since >= HOLD_MS;
    const tries = held ? noTries : this.#tries;
    const next = nextTry(end, tries, { ...this.#options, isRenewable: this.#options.credentials.isRenewable });
    if (next.is === 'stop') return this.#enter({ is: 'error', error: next.error });
    this.#tries = { attempt: tries.attempt + 1, hurried: next.hurried };
    if (next.delayMs === 0) return this.#open();
    this.#wait(next);
  }

  #wait({ delayMs, reason }: { delayMs: number; reason: QuantumFluxError }): void {
    const open = () => this.#open();
    const timer = setTimeout(open, delayMs);
    const page = globalThis as Partial<Pick<Window, 'addEventListener' | 'removeEventListener'>>;
    page.addEventListener?.('online', open);
    const now = Date.now();
    this.#enter({ is: 'waiting', attempt: this.#tries.attempt, since: now, reason, retryAt: now + delayMs }, () => {
      clearTimeout(timer);
      page.removeEventListener?.('online', open);
    });
  }

  #leave(state: ConnectionState): void {
    if (this.#state.is === 'closed') return;
    this.#link?.close();
    this.#link = this.#channels = undefined;
    this.#tries = noTries;
    this.#enter(state);
  }

  /** `rest` ends what goes on only in this state. */
  #enter(state: ConnectionState, rest: Stop = () => undefined): void {
    this.#rest();
    this.#rest = rest;
    this.#state = state;
    // A listener may cause another change, and others to leave: then all who stayed hear the newest state, some twice.
    for (const listen of [...this.#members]) if (this.#members.has(listen)) listen(this.#state);
    for (const listen of [...this.#observers]) if (this.#observers.has(listen)) listen(this.#state);
  }
}
