import type { Lease } from './lease.ts';
import type { Ask } from './link.ts';
import type { Stop } from './options.ts';
import type { Company, Presence, QuantumFluxError } from './protocol/index.ts';
import { tellOne } from './watchers.ts';

export type PresenceOptions = {
  /** What the others see, at most 200 characters. Default: nothing. */
  name?: string;
  /** Told why the room cannot be joined: `forbidden`, `too_large`; `conflict` when the server is too old for rooms. */
  onError?: (error: QuantumFluxError) => void;
};

/** Who is in a room. */
export type PresenceUpdate = {
  /** Those who came first, at most 100, this connection among them. */
  present: readonly Presence[];
  /** How many more there are. */
  more: number;
  /** The `id` that stands for this connection in `present`. */
  me: string;
};

/** Is in a room, again after every reconnect, until it is stopped; the room is left when nobody of the connection is in it. */
export function joinRoom(
  connection: Pick<Lease, 'keep' | 'observe' | 'rooms'>,
  room: string,
  { name, onError }: PresenceOptions,
  onChange: (update: PresenceUpdate) => void,
): Stop {
  const { rooms } = connection;
  const count = (by: number) => rooms.set(room, (rooms.get(room) ?? 0) + by).get(room);
  let ask: Ask | undefined;
  let me: string | undefined;
  let last: Company | undefined;
  const tell = () => {
    if (me && last) tellOne(onChange, { present: last.present, more: last.more ?? 0, me });
  };
  count(1);
  const leave = connection.keep(
    (fresh) => {
      ask = fresh;
      me = last = undefined;
      // Joining again what others of this connection are in, changes nothing.
      fresh('presence.join', name ? { room, name } : { room }).then(
        ({ id, ...company }) => {
          if (ask !== fresh) return;
          me = id;
          // An event that was faster than the reply is newer, or is followed by one that is.
          last ??= company;
          tell();
        },
        (error: QuantumFluxError) => {
          // A connection that is lost is made again.
          if (ask === fresh && error.code !== 'unavailable') onError?.(error);
        },
      );
    },
    (event, message) => {
      if (event !== 'presence' || message.room !== room) return;
      last = message;
      tell();
    },
  );
  let isIn = true;
  const stop = () => {
    if (!isIn) return;
    isIn = false;
    if (count(-1) === 0) {
      rooms.delete(room);
      ask?.('presence.leave', { room }).catch(() => undefined);
    }
    ask = undefined;
    deafen();
    leave();
  };
  // A client that is closed leaves, also when others go on with the connection.
  const deafen = connection.observe(({ is }) => is === 'closed' && stop());
  return stop;
}
