import type { Columns } from '@quantumflux/sdk/protocol';
import { clip, firstAtOrAfter, mergeColumns } from './columns.ts';
import { coarsen, joinRows, rollUp, rowsOf, type Rollup } from './rollup.ts';
import type { Range } from './snapshot.ts';

/**
 * Puts the summary of one stream together. Its parts follow each other in time, for chunks do not overlap; only those that
 * the tail touches must be merged with it point by point, because the tail may say otherwise.
 */
export function createParts(tail: Columns, { from, to, intervalMs }: Range & { intervalMs: number }) {
  const newest = clip(tail, from, to);
  const hull: Range = { from: newest.times[0] ?? Infinity, to: newest.times.at(-1) ?? -Infinity };
  const parts: Part[] = [];
  const touched: Columns[] = [];
  let whole: Rollup | undefined;

  function addClipped(points: Columns): void {
    const columns = clip(points, from, to);
    if (columns.times.length > 0) parts.push({ start: columns.times[0]!, rollup: rollUp(columns, intervalMs) });
  }

  return {
    /** From the first to the last point of the tail. */
    hull,

    addRollup: (start: number, rollup: Rollup) => void parts.push({ start, rollup }),

    /** Whole chunks, a row each, of which every one lies within one interval; `t` is the time of its first point. */
    addWhole: (chunks: Rollup) => void (whole = whole ? joinRows(whole, chunks) : chunks),

    addPoints(points: Columns): void {
      if (points.times[0]! <= hull.to && points.times.at(-1)! >= hull.from) touched.push(points);
      else addClipped(points);
    },

    toRollup(): Rollup {
      addClipped(mergeColumns([...touched, newest]));
      parts.sort((a, b) => a.start - b.start);
      return coarsen(whole ? between(parts, whole) : parts.map(({ rollup }) => rollup), intervalMs);
    },
  };
}

type Part = { start: number; rollup: Rollup };

/** The parts, and the rows of `whole` that lie between them, in the order of time. */
function between(parts: Part[], whole: Rollup): Rollup[] {
  const ordered: Rollup[] = [];
  let row = 0;
  for (const { start, rollup } of parts) {
    const next = firstAtOrAfter(whole.t, start);
    if (next > row) ordered.push(rowsOf(whole, row, next));
    ordered.push(rollup);
    row = next;
  }
  ordered.push(rowsOf(whole, row, whole.t.length));
  return ordered;
}
