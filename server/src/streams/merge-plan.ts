/** What a merge needs to know of a chunk. Times in ms. */
export type Span = { id: number; tMin: number; tMax: number; count: number };

/** A neighbour may be this many times larger than what is merged with it. */
const LARGER = 2;

/**
 * Which chunks new points are merged with, oldest first. Those that they overlap always; and of the neighbours those that
 * are not much larger, as long as all fits into one chunk. So each chunk is at least twice its successor: a stream has few
 * of them, and a point is written again a dozen times at most until it lies in a full one.
 */
export function chunksToMerge(added: Omit<Span, 'id'>, chunks: Span[], maxPoints: number): Span[] {
  const ordered = chunks.toSorted((a, b) => a.tMin - b.tMin);
  let start = ordered.findIndex(({ tMax }) => tMax >= added.tMin);
  if (start < 0) start = ordered.length;
  let end = start;
  let { count } = added;
  while (end < ordered.length && ordered[end]!.tMin <= added.tMax) count += ordered[end++]!.count;

  const fits = (neighbour: Span | undefined) =>
    neighbour !== undefined && neighbour.count <= LARGER * count && neighbour.count + count <= maxPoints;
  for (;;) {
    if (fits(ordered[start - 1])) count += ordered[--start]!.count;
    else if (fits(ordered[end])) count += ordered[end++]!.count;
    else return ordered.slice(start, end);
  }
}
