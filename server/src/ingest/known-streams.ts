import type { StreamKind } from '@quantumflux/sdk/protocol';

type Wanted = { key: string; unit: string | null; kind: StreamKind };
type Known = Wanted & { id: number };

/** What knows the streams: the catalog. */
export type StreamPorts<Want extends Wanted, Stream extends Known> = {
  ensure: (organization: string, wanted: Want[]) => Promise<Stream[]>;
  /** A stream as it is now, if it was met. */
  get: (id: number) => Stream | undefined;
};

/**
 * Finds streams by their keys, and asks for them only when one is new or does not fit: what a server is sent is nearly
 * always of streams that it knows.
 */
export function knownFirst<Want extends Wanted, Stream extends Known>({ ensure, get }: StreamPorts<Want, Stream>) {
  const ids = new Map<string, Map<string, number>>();

  function find(known: Map<string, number>, { key, unit, kind }: Want): Stream | undefined {
    const id = known.get(key);
    const stream = id === undefined ? undefined : get(id);
    if (!stream || (unit !== null && unit !== stream.unit) || (kind === 'counter' && kind !== stream.kind)) {
      return undefined;
    }
    return stream;
  }

  return async function ensureStreams(organization: string, wanted: Want[]): Promise<Stream[]> {
    let known = ids.get(organization);
    if (!known) ids.set(organization, (known = new Map()));
    const found: Stream[] = [];
    for (const each of wanted) {
      const stream = find(known, each);
      if (!stream) break;
      found.push(stream);
    }
    if (found.length === wanted.length) return found;
    const streams = await ensure(organization, wanted);
    for (const { id, key } of streams) known.set(key, id);
    return streams;
  };
}
