import { PARTITIONS, type StreamKind, type StreamMeta, type Tags } from '@quantumflux/sdk/protocol';

/** One named series of numeric points, as the server knows it. */
export type Stream = {
  /** Names the stream in codec blocks and on the wire. */
  id: number;
  organization: string;
  /** Canonical text, unique in the organization. */
  key: string;
  stream: string;
  tags: Tags;
  unit: string | null;
  kind: StreamKind;
  /** Whether publishable keys may see it. */
  public: boolean;
  /** How long points are kept, in ms after their time; null for ever. */
  retentionMs: number | null;
};

/** The part that travels to viewers. */
export function metaOf({ id, stream, tags, unit, kind }: Stream): StreamMeta {
  return { id, stream, tags, unit, kind };
}

/** The journal partition in which a stream lives, for ever. */
export function partitionOf(id: number): number {
  return id % PARTITIONS;
}
