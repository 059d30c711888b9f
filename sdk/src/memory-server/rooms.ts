import { MAX_ROOMS, QuantumFluxError, type Presence } from '../protocol/index.ts';
import type { Session } from './session.ts';

/** Who is where (P1). */
export class Rooms {
  readonly #present = new Map<string, Set<Session>>();
  #joined = 0;

  join(session: Session, { room, name, now }: { room: string; name: string | undefined; now: number }) {
    const { rooms } = session;
    if (!rooms.has(room) && rooms.size >= MAX_ROOMS)
      throw new QuantumFluxError('too_large', `A connection may be in at most ${MAX_ROOMS} rooms.`, { path: 'room' });
    const known = rooms.get(room);
    const own: Presence = {
      id: known?.id ?? `${++this.#joined}`,
      name: name ?? known?.name ?? null,
      since: known?.since ?? now,
    };
    rooms.set(room, own);
    this.#present.set(room, (this.#present.get(room) ?? new Set()).add(session));
    this.#tell(room, session);
    return { id: own.id, present: this.#whoIsIn(room) };
  }

  leave(session: Session, room: string): void {
    if (!session.rooms.delete(room))
      throw new QuantumFluxError('not_found', `This connection is not in the room ${room}.`, { path: 'room' });
    this.#present.get(room)?.delete(session);
    this.#tell(room, session);
  }

  leaveAll(session: Session): void {
    for (const room of [...session.rooms.keys()]) this.leave(session, room);
  }

  #tell(room: string, mover: Session): void {
    const present = this.#whoIsIn(room);
    for (const session of this.#present.get(room) ?? [])
      if (session !== mover && session.isNew) session.wire.send('presence', { room, present });
  }

  #whoIsIn(room: string): Presence[] {
    return [...(this.#present.get(room) ?? [])].map(({ rooms }) => rooms.get(room)!);
  }
}
