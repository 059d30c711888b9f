import {
  encodeFrameV1,
  encodeSection,
  joinSections,
  type ClientEvents,
  type Presence,
  type Range,
  type Section,
  type ServerEvents,
} from '../protocol/index.ts';

/** The server's side of a connection, over whatever it goes. */
export type Wire = {
  send<Event extends keyof ServerEvents>(event: Event, message: Parameters<ServerEvents[Event]>[0]): void;
  /** Ends it. With what was sent before it, unless it is `cut`. */
  close(how: 'ended' | 'cut'): void;
};

/** What a client may ask of its session; the reply comes when the server wants. */
export type Asked = {
  [Event in keyof ClientEvents]: (...asked: Parameters<ClientEvents[Event]>) => void;
};

/** One connection, in the version that both sides speak. */
export class Session {
  readonly wire: Wire;
  /** What it is called in each room it joined. */
  readonly rooms = new Map<string, Presence>();
  readonly #protocol: number;

  constructor(wire: Wire, { protocol }: { protocol: number }) {
    this.wire = wire;
    this.#protocol = protocol;
  }

  /** Whether the other side knows what came with version 2. */
  get isNew(): boolean {
    return this.#protocol > 1;
  }

  sendPoints(epoch: number, sections: readonly Section[]): void {
    if (this.isNew) return this.wire.send('frame', joinSections(epoch, sections.map(encodeSection)));
    for (const section of sections) this.wire.send('frame', encodeFrameV1(epoch, section));
  }

  sendHeads(epoch: number, sections: readonly Section[]): void {
    if (this.isNew) return this.sendPoints(epoch, sections);
    for (const { channel, ranges } of sections) {
      const told = ranges.map(({ partition, after, last }): Range => [partition, after, last]);
      this.wire.send('heads', { channel, epoch, ranges: told });
    }
  }
}
