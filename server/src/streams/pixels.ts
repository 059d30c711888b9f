import type { Columns } from '@quantumflux/sdk/protocol';
import { intervalFor, MINUTE } from './downsample.ts';
import type { ReadHistory } from './history.ts';
import { rollUp, type Rollup } from './rollup.ts';

/** Points when they are few enough to draw, else statistics of intervals. */
export type Drawable = { is: 'points'; columns: Columns } | { is: 'rollup'; intervalMs: number; rollup: Rollup };

/** More than four points in a pixel look the same as its first, lowest, highest and last one. */
const POINTS_PER_PIXEL = 4;

/** What a picture of this many pixels needs of the streams between two times in ms. No extreme is lost. */
export async function readForWidth(
  { history, summary }: ReadHistory,
  ids: number[],
  { from, to, width }: { from: number; to: number; width: number },
): Promise<Map<number, Drawable>> {
  const intervalMs = intervalFor(to - from, width);
  const isFew = (points: number) => points <= POINTS_PER_PIXEL * width;
  const drawn = new Map<number, Drawable>();

  // Chunks know minutes and longer; for less they must be read anyway.
  const { rollups } =
    intervalMs < MINUTE ? { rollups: new Map<number, Rollup>() } : await summary(ids, { from, to, intervalMs });
  for (const [id, rollup] of rollups) {
    const points = rollup.count.reduce((sum, count) => sum + count, 0);
    if (!isFew(points)) drawn.set(id, { is: 'rollup', intervalMs, rollup });
  }

  const unread = ids.filter((id) => !drawn.has(id));
  if (unread.length === 0) return drawn;
  for (const [id, columns] of (await history(unread, from, to)).columns) {
    drawn.set(
      id,
      isFew(columns.times.length)
        ? { is: 'points', columns }
        : { is: 'rollup', intervalMs, rollup: rollUp(columns, intervalMs) },
    );
  }
  return drawn;
}
