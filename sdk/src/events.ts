import type { ConnectionState } from './connection-state.ts';
import type { Stop } from './options.ts';
import type { ResyncReason } from './protocol/index.ts';
import { tellOne } from './watchers.ts';

/** What `client.on()` tells of. */
export type Events = {
  /** The connection changed its state. */
  state: ConnectionState;
  /** The history of a live stream was replaced, so its watchers may not have been shown every point. */
  resync: { selector: string; reason: ResyncReason };
  /** Points of a live stream were left out, because this client was too slow for them. */
  skipped: { selector: string; points: number };
};

export type Tell = <Name extends keyof Events>(name: Name, event: Events[Name]) => void;

type Handlers = { [Name in keyof Events]?: Set<(event: Events[Name]) => void> };

/** Who listens to what. */
export class Listeners {
  readonly #handlers: Handlers = {};

  on<Name extends keyof Events>(name: Name, handler: (event: Events[Name]) => void): Stop {
    const each: typeof handler = (event) => handler(event);
    const all: Set<typeof handler> = (this.#handlers[name] ??= new Set<typeof handler>() as never);
    all.add(each);
    return () => void all.delete(each);
  }

  readonly tell: Tell = (name, event) => {
    for (const handler of this.#handlers[name] ?? []) tellOne(handler, event);
  };
}
