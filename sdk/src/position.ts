import type { Position, Range } from './protocol/index.ts';

// Why nothing is lost or doubled: a frame says which stretch of the journal it covers, and the reader knows how far it
// is. Rules S5 to S9 of docs/protocol.md.

/** What a reader does with a range. */
export type Step =
  /** All of it is known. */
  | { is: 'drop' }
  /** It goes on from the position: take the entries after `since`, then the position is the new one. */
  | { is: 'apply'; since: number; position: Position }
  /** Something is missing before it: ask for what came after the position. */
  | { is: 'gap' }
  /** It is of another journal, or of another state of it: the position means nothing there. */
  | { is: 'resync' };

/** What to do with a range, given how far the reader is. */
export function stepFor(position: Position, epoch: number, [partition, after, last]: Range): Step {
  if (epoch !== position.epoch) return { is: 'resync' };
  const since = position.offsets.find(([each]) => each === partition)?.[1] ?? 0;
  if (last <= since) return { is: 'drop' };
  if (after > since) return { is: 'gap' };
  const others = position.offsets.filter(([each]) => each !== partition);
  return { is: 'apply', since, position: { epoch, offsets: [...others, [partition, last]] } };
}

/** Where a reader is after an answer up to `theirs`: another connection may have brought more meanwhile. */
export function newestOf(ours: Position | undefined, theirs: Position): Position {
  if (ours?.epoch !== theirs.epoch) return theirs;
  const offsets = new Map(theirs.offsets);
  for (const [partition, offset] of ours.offsets) offsets.set(partition, Math.max(offset, offsets.get(partition) ?? 0));
  return { epoch: theirs.epoch, offsets: [...offsets] };
}
