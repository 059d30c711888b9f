import { MAX_PRESENT, type Company, type Presence } from '@quantumflux/sdk/protocol';

/** Who is in a room at one server: as many as are told one by one, and how many they are. */
export type Group = { present: Presence[]; count: number };

/** Who is in which room at this server. A place is a room of an organization. */
export class Rooms {
  readonly #members = new Map<string, Map<string, Presence>>();

  get places(): Iterable<string> {
    return this.#members.keys();
  }

  /** Who is there already keeps the time since when, and the name when there is no other. */
  join(place: string, { id, name, since }: Omit<Presence, 'name'> & { name?: string | undefined }): void {
    const members = this.#members.get(place) ?? new Map<string, Presence>();
    const before = members.get(id);
    const now = { id, name: name ?? before?.name ?? null, since: before?.since ?? since };
    this.#members.set(place, members.set(id, now));
  }

  leave(place: string, id: string): void {
    const members = this.#members.get(place);
    members?.delete(id);
    if (members?.size === 0) this.#members.delete(place);
  }

  find(place: string, id: string): Presence | undefined {
    return this.#members.get(place)?.get(id);
  }

  of(place: string): Group {
    const members = this.#members.get(place) ?? new Map<string, Presence>();
    const present: Presence[] = [];
    // In the order in which they came.
    for (const member of members.values()) if (present.push(member) >= MAX_PRESENT) break;
    return { present, count: members.size };
  }
}

/** What is told of a room that is spread over servers: those who came first, in the same order everywhere. */
export function companyOf(groups: readonly Group[], self?: Presence): Company {
  const all = groups.flatMap(({ present }) => present).sort((a, b) => a.since - b.since || (a.id < b.id ? -1 : 1));
  const present = all.slice(0, MAX_PRESENT);
  if (self && !present.some(({ id }) => id === self.id)) present.push(self);
  const more = groups.reduce((sum, { count }) => sum + count, 0) - present.length;
  return more > 0 ? { present, more } : { present };
}
