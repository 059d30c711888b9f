import type { StreamKind } from '@quantumflux/sdk/protocol';
import type { WantedStream } from './ingest.service.ts';

type Known = { id: number; key: string; unit: string | null; kind: StreamKind };

/** What knows the streams: the catalog. */
export type StreamPorts = {
  /** The stored streams for these, in the same order. Makes what is missing. */
  ensure: (organization: string, wanted: (WantedStream & { organization: string })[]) => Promise<Known[]>;
  /** A stream as it is now, if it was met. */
  get: (id: number) => Known | undefined;
};

/**
 * Finds streams by their keys, and asks for them only when one is new or does not fit: what a server is sent is nearly
 * always of streams that it knows.
 */
export function knownFirst({ ensure, get }: StreamPorts) {
  const ids = new Map<string, Map<string, number>>();

  function find(known: Map<string, number>, { key, unit, kind }: WantedStream): Known | undefined {
    const id = known.get(key);
    const stream = id === undefined ? undefined : get(id);
    if (!stream || (unit !== null && unit !== stream.unit) || (kind === 'counter' && kind !== stream.kind)) {
      return undefined;
    }
    return stream;
  }

  return async function ensureStreams(organization: string, wanted: WantedStream[]): Promise<Known[]> {
    let known = ids.get(organization);
    if (!known) {
      known = new Map();
      ids.set(organization, known);
    }
    const found: Known[] = [];
    for (const each of wanted) {
      const stream = find(known, each);
      if (!stream) break;
      found.push(stream);
    }
    if (found.length === wanted.length) return found;
    // Only what a stream is made of: what is wanted may carry its points.
    const streams = await ensure(
      organization,
      wanted.map(({ key, stream, tags, unit, kind, public: isPublic }) => ({
        organization,
        key,
        stream,
        tags,
        unit,
        kind,
        public: isPublic,
      })),
    );
    for (const { id, key } of streams) known.set(key, id);
    return streams;
  };
}
