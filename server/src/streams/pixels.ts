import type { Columns, Position } from '@quantumflux/sdk/protocol';
import { intervalAcross, MINUTE } from './downsample.ts';
import type { ReadHistory } from './history.ts';
import { olderOf } from './position.ts';
import { rollUp, type Rollup } from './rollup.ts';

/** Points when they are few enough to draw, else statistics of intervals. */
export type Drawable = { is: 'points'; columns: Columns } | { is: 'rollup'; intervalMs: number; rollup: Rollup };

/** More than four points in a pixel look the same as its first, lowest, highest and last one. */
const POINTS_PER_PIXEL = 4;

/** What a picture of this many pixels needs of the streams between two times in ms. No extreme is lost. */
export async function readForWidth(
  { history, summary }: ReadHistory,
  ids: number[],
  { from, to, width, signal }: { from: number; to: number; width: number; signal?: AbortSignal },
): Promise<{ position: Position; drawn: Map<number, Drawable> }> {
  const intervalMs = intervalAcross({ from, to }, width);
  const isFew = (points: number) => points <= POINTS_PER_PIXEL * width;
  const drawn = new Map<number, Drawable>();

  // Chunks know minutes and longer; for less they must be read anyway.
  const summed = intervalMs < MINUTE ? undefined : await summary(ids, { from, to, intervalMs }, signal);
  for (const [id, rollup] of summed?.rollups ?? []) {
    const points = rollup.count.reduce((sum, count) => sum + count, 0);
    if (!isFew(points)) drawn.set(id, { is: 'rollup', intervalMs, rollup });
  }

  const unread = ids.filter((id) => !drawn.has(id));
  if (summed && unread.length === 0) return { position: summed.position, drawn };
  const { position, columns } = await history(unread, from, to, signal);
  for (const [id, points] of columns) {
    drawn.set(
      id,
      isFew(points.times.length)
        ? { is: 'points', columns: points }
        : { is: 'rollup', intervalMs, rollup: rollUp(points, intervalMs) },
    );
  }
  return { position: summed ? olderOf(summed.position, position) : position, drawn };
}
