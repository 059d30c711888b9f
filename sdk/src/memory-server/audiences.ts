import {
  formatSelector,
  matcherOf,
  parseSelector,
  QuantumFluxError,
  type Position,
  type Section,
  type ServerEvents,
} from '../protocol/index.ts';
import { Channel, type Conflation } from './channel.ts';
import type { Session } from './session.ts';

/** Who watches what. */
export class Audiences {
  readonly #channels = new Map<string, Channel<Session>>();
  #made = 0;

  get channels(): Channel<Session>[] {
    return [...this.#channels.values()];
  }

  /** How many subscriptions there are. */
  get size(): number {
    return this.channels.reduce((sum, { members }) => sum + members.length, 0);
  }

  /** The channel of a selector, however it was written. A new one has sent nothing after `position`. */
  channelOf(text: string, { position, conflation }: { position: Position; conflation: Conflation | undefined }) {
    const selector = parseSelector(text);
    const key = JSON.stringify([formatSelector(selector), conflation]);
    const known = this.#channels.get(key);
    return (
      known ?? new Channel<Session>({ key, number: ++this.#made, matches: matcherOf(selector), position, conflation })
    );
  }

  join(session: Session, channel: Channel<Session>): void {
    channel.members.push(session);
    this.#channels.set(channel.key, channel);
  }

  /** Ends one subscription; the channel goes with the last. */
  leave(session: Session, number: number): void {
    const channel = this.channels.find((each) => each.number === number && each.members.includes(session));
    if (!channel)
      throw new QuantumFluxError('not_found', `This connection has no channel ${number}.`, { path: 'channel' });
    channel.members.splice(channel.members.indexOf(session), 1);
    if (channel.members.length === 0) this.#channels.delete(channel.key);
  }

  /** A connection is gone, and its subscriptions with it. */
  drop(session: Session): void {
    for (const { members, number } of this.channels)
      for (const member of [...members]) if (member === session) this.leave(session, number);
  }

  tell<Event extends keyof ServerEvents>(
    { members }: Channel<Session>,
    event: Event,
    message: Parameters<ServerEvents[Event]>[0],
  ): void {
    for (const { wire } of new Set(members)) wire.send(event, message);
  }
}

/** Of some channels the sections that each connection gets. */
export function sectionsFor(
  channels: readonly Channel<Session>[],
  sectionOf: (channel: Channel<Session>) => Section,
): Map<Session, Section[]> {
  const all = new Map<Session, Section[]>();
  for (const channel of channels) {
    const section = sectionOf(channel);
    for (const session of new Set(channel.members)) all.set(session, [...(all.get(session) ?? []), section]);
  }
  return all;
}
