import type { Address } from './address.ts';
import { backoffDelay, type BackoffOptions } from './backoff.ts';
import { Channels } from './channels.ts';
import { Clock } from './clock.ts';
import type { ConnectionState, ConnectReason, WaitReason } from './connection-state.ts';
import type { Credentials } from './credentials.ts';
import type { Link, OpenLink, ServerEvent } from './link.ts';
import { messagesOf } from './message.ts';
import type { Stop } from './options.ts';
import { isOffline, onNetwork, onVisible } from './page.ts';
import { QuantumFluxError } from './protocol/index.ts';
import { nextTry, noTries, type End, type Tries } from './reconnect.ts';
import { Traffic } from './traffic.ts';
import { keepUp, type Line, type Upkeep } from './upkeep.ts';
import { tellOne } from './watchers.ts';

/** How long a connection must hold before the attempts are counted anew, in ms. */
const HOLD_MS = 10_000;

/** How long the old connection is kept for those who are not on the new one yet, in ms. */
const MOVE_MS = 10_000;

/** Over so many ms the browsers of a network spread when it is back. */
const ONLINE_SPREAD_MS = 300;

export type ConnectionOptions = {
  address: Address;
  credentials: Credentials;
  openLink: OpenLink;
  reconnect: BackoffOptions;
  silenceMs: number;
};

type Listener = (state: ConnectionState) => void;
type Hearer = (...event: ServerEvent) => void;

/**
 * The connection to the server: there while somebody needs it, and made again when it is lost. Copies of the SDK share
 * it: whoever changes what others call raises `SHAPE` in shared-connection.ts.
 */
export class Connection {
  /** The server's clock, as far as it was told. */
  readonly clock = new Clock();
  readonly traffic = new Traffic();
  /** How many are in each room through this connection, whichever client or copy of the SDK they use. */
  readonly rooms = new Map<string, number>();
  readonly #options: ConnectionOptions;
  readonly #members = new Set<Listener>();
  readonly #observers = new Set<Listener>();
  readonly #hearers = new Set<Hearer>();
  #state: ConnectionState = { is: 'idle', reason: 'new' };
  #tries: Tries = noTries;
  /** The one that is used, or is being opened to be used. */
  #line: Line | undefined;
  /** Takes the place of `#line` once it is open. */
  #successor: Line | undefined;
  #moveAttempt = 0;
  /** Those that were moved from, and are still listened to. */
  readonly #retired = new Set<Line>();
  #upkeep: Upkeep | undefined;
  /** Ends what goes on only in the present state. */
  #rest: Stop = () => undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** There while the state is `connected`; another one after every connect and move. */
  get channels(): Channels | undefined {
    return this.#state.is === 'connected' ? this.#line?.channels : undefined;
  }

  /** The same. */
  get link(): Link | undefined {
    return this.#state.is === 'connected' ? this.#line?.link : undefined;
  }

  /** Needs the connection from now on, and hears of its state, at once and whenever it changes. */
  join(listener: Listener): Stop {
    const member: Listener = (state) => listener(state);
    this.#members.add(member);
    if (this.#state.is === 'idle') this.#open('watched');
    else member(this.#state);
    return () => {
      if (this.#members.delete(member) && this.#members.size === 0) this.#leave({ is: 'idle', reason: 'unwatched' });
    };
  }

  /** Hears of every change without needing the connection. */
  observe(listener: Listener): Stop {
    const observer: Listener = (state) => tellOne(listener, state);
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  /** Hears what the server sends, without needing the connection. */
  hear(hearer: Hearer): Stop {
    const each: Hearer = (...event) => hearer(...event);
    this.#hearers.add(each);
    return () => void this.#hearers.delete(each);
  }

  /** For good. */
  close(): void {
    this.#leave({ is: 'closed' });
    this.#members.clear();
    this.#observers.clear();
    this.#hearers.clear();
  }

  #open(reason: ConnectReason): void {
    if (isOffline(this.#options.address)) return this.#waitForNetwork();
    this.#enter({ is: 'connecting', reason, attempt: this.#tries.attempt, since: Date.now() });
    // Whoever was told may have ended it.
    if (this.#state.is === 'connecting') this.#line = this.#openLine();
  }

  #openLine(): Line {
    const { address, credentials, openLink } = this.#options;
    const link = openLink(address, credentials, {
      onOpen: () => this.#opened(line),
      onEvent: (...event) => this.#heard(line, event),
      onEnd: (end) => this.#ended(line, end),
    });
    const line: Line = { link, channels: new Channels(link), startedAt: Date.now() };
    return line;
  }

  #opened(line: Line): void {
    const { clock } = this;
    const { credentials, silenceMs } = this.#options;
    const [old, before] = [this.#line, this.#state];
    const isMove = line === this.#successor;
    this.#line = line;
    this.#successor = undefined;
    const reason = isMove ? 'moved' : 'opened';
    const upkeep = keepUp(line, {
      clock,
      credentials,
      silenceMs,
      onSilent: () => this.#fellSilent(line),
      onDrain: () => this.#move(0),
    });
    this.#upkeep = upkeep;
    this.traffic.opened(reason);
    const since = isMove && before.is === 'connected' ? before.since : Date.now();
    this.#enter({ is: 'connected', reason, since }, upkeep.stop);
    if (isMove && old) this.#retire(old);
  }

  #heard(line: Line, event: ServerEvent): void {
    if (line === this.#line) {
      this.#upkeep?.hear(...event);
      for (const hear of this.#hearers) hear(...event);
    }
    const messages = messagesOf(...event);
    if (event[0] === 'frame') this.traffic.received(event[1].length);
    for (const message of messages) line.channels.deliver(message);
  }

  #fellSilent(line: Line): void {
    line.link.close();
    this.#ended(line, { is: 'silent', error: new QuantumFluxError('unavailable', 'The server fell silent.') });
  }

  #ended(line: Line, end: End): void {
    if (line === this.#successor) return this.#stayed();
    if (line !== this.#line) return void this.#retired.delete(line);
    if (this.#successor) {
      // The old server is gone before the new one is there.
      this.#line = this.#successor;
      this.#successor = undefined;
      return this.#enter({ is: 'connecting', reason: 'retry', attempt: this.#tries.attempt, since: Date.now() });
    }
    this.#line = undefined;
    const held = this.#state.is === 'connected' && Date.now() - this.#state.since >= HOLD_MS;
    const tries = held ? noTries : this.#tries;
    const { isRenewable } = this.#options.credentials;
    const next = nextTry(end, tries, { ...this.#options, isRenewable });
    if (next.is === 'stop') return this.#enter({ is: 'error', reason: next.reason, error: next.error });
    this.#tries = { attempt: tries.attempt + 1, hurried: next.hurried };
    if (next.delayMs === 0) return this.#open('token');
    this.#wait(next);
  }

  #wait({ reason, error, delayMs }: { reason: WaitReason; error: QuantumFluxError; delayMs: number }): void {
    if (isOffline(this.#options.address)) return this.#waitForNetwork();
    const { attempt } = this.#tries;
    const timer = setTimeout(() => this.#open('retry'), delayMs);
    const stops = [
      () => clearTimeout(timer),
      onNetwork('offline', () => this.#wait({ reason, error, delayMs })),
      this.#whenOnline(),
      // The timer may be late: browsers hold back those of a page that nobody sees.
      onVisible(() => this.#open('visible')),
    ];
    const since = Date.now();
    this.#enter({ is: 'waiting', reason, error, attempt, since, retryAt: since + delayMs }, () => {
      for (const stop of stops) stop();
    });
  }

  #waitForNetwork(): void {
    const error = new QuantumFluxError('unavailable', 'This browser is offline.');
    const { attempt } = this.#tries;
    const stop = this.#whenOnline();
    this.#enter({ is: 'waiting', reason: 'offline', error, attempt, since: Date.now(), retryAt: null }, stop);
  }

  #whenOnline(): Stop {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = onNetwork('online', () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.#open('online'), Math.random() * ONLINE_SPREAD_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }

  /** To whichever server answers now; meanwhile everything goes on here. */
  #move(attempt: number): void {
    this.#moveAttempt = attempt;
    this.#successor ??= this.#openLine();
  }

  /** The new server did not take us, and the old one is still there. */
  #stayed(): void {
    this.#successor = undefined;
    const attempt = this.#moveAttempt;
    const timer = setTimeout(() => this.#move(attempt + 1), backoffDelay(attempt, this.#options.reconnect));
    const rest = this.#rest;
    this.#rest = () => {
      clearTimeout(timer);
      rest();
    };
  }

  /** Ends it as soon as all of its subscriptions are on the new one. */
  #retire(line: Line): void {
    this.#retired.add(line);
    const end = () => {
      clearTimeout(timer);
      this.#retired.delete(line);
      line.link.close();
    };
    const timer = setTimeout(end, MOVE_MS);
    line.channels.whenEmpty(end);
  }

  #leave(state: ConnectionState): void {
    if (this.#state.is === 'closed') return;
    for (const line of [this.#line, this.#successor, ...this.#retired]) line?.link.close();
    this.#retired.clear();
    this.#line = this.#successor = undefined;
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
