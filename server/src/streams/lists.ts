import type { Stream } from './stream.ts';

type List = {
  organization: string;
  name: string;
  streams: Map<number, Stream>;
  /** The same by id, unless something changed since it was asked for. */
  sorted: Stream[] | undefined;
  isOpening: boolean;
};

/**
 * The streams of a name, or of all names with a beginning (`host.*`), as they were looked up, and kept up to date. When
 * there are more than `most` in all lists together, the list that was not asked for the longest is forgotten.
 */
export function createLists(most: number) {
  // In the order of use, the oldest first.
  const lists = new Map<string, List>();
  const byOrganization = new Map<string, Set<List>>();
  let size = 0;

  const placeOf = ({ organization, name }: Pick<List, 'organization' | 'name'>) => `${organization} ${name}`;

  function remove(list: List): void {
    if (lists.get(placeOf(list)) !== list) return;
    lists.delete(placeOf(list));
    // An empty one takes room too.
    size -= list.streams.size + 1;
    const siblings = byOrganization.get(list.organization)!;
    siblings.delete(list);
    if (siblings.size === 0) byOrganization.delete(list.organization);
  }

  function makeRoom(): void {
    for (const list of lists.values()) {
      if (size <= most) return;
      if (!list.isOpening) remove(list);
    }
  }

  function sort(list: List): Stream[] {
    return (list.sorted ??= [...list.streams.values()].sort((a, b) => a.id - b.id));
  }

  return {
    /** By id; undefined when it has to be looked up. */
    get(organization: string, name: string): Stream[] | undefined {
      const list = lists.get(placeOf({ organization, name }));
      if (!list || list.isOpening) return undefined;
      lists.delete(placeOf(list));
      lists.set(placeOf(list), list);
      return sort(list);
    },

    /** Keeps what was looked up. It is up to date, and found by others, once `bringUp` has brought what it lacked. */
    async open(
      { organization, name }: Pick<List, 'organization' | 'name'>,
      streams: Stream[],
      bringUp: () => Promise<void>,
    ): Promise<Stream[]> {
      const byId = new Map(streams.map((stream) => [stream.id, stream]));
      const list: List = { organization, name, streams: byId, sorted: undefined, isOpening: true };
      const before = lists.get(placeOf(list));
      if (before) remove(before);
      lists.set(placeOf(list), list);
      const siblings = byOrganization.get(organization) ?? new Set();
      byOrganization.set(organization, siblings.add(list));
      size += byId.size + 1;
      try {
        await bringUp();
      } catch (error) {
        remove(list);
        throw error;
      }
      list.isOpening = false;
      const found = sort(list);
      makeRoom();
      return found;
    },

    /** Brings a stream, new or changed, into the lists where it belongs. */
    note(stream: Stream): void {
      for (const list of byOrganization.get(stream.organization) ?? []) {
        if (!covers(list.name, stream.stream)) continue;
        if (!list.streams.has(stream.id)) size += 1;
        list.streams.set(stream.id, stream);
        list.sorted = undefined;
      }
      makeRoom();
    },

    clear(): void {
      for (const list of [...lists.values()]) remove(list);
    },
  };
}

function covers(pattern: string, name: string): boolean {
  const star = pattern.indexOf('*');
  return star < 0 ? name === pattern : name.startsWith(pattern.slice(0, star));
}
