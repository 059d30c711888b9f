import type { Columns } from './columns.ts';

/** Colours and font, as the canvas understands them. */
export type Inks = {
  readonly text: string;
  readonly grid: string;
  /** One per series; with more series than colours the next round is dashed. */
  readonly series: readonly string[];
  /** CSS shorthand of the axis labels. */
  readonly font: string;
};

/** All that a plot needs to know. */
export type Picture = {
  readonly series: readonly Columns[];
  readonly kind: 'line' | 'area';
  /** Length of the window, in ms. */
  readonly span: number;
  /** The right edge. While the plot follows, the window moves with it. */
  readonly now: () => number;
  readonly follow: boolean;
  /** Least time between two moves of the window, in ms. */
  readonly restMs: number;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly unit: string | null;
  /** False for a sparkline: no grid, no labels. */
  readonly axes: boolean;
  readonly inks: Inks;
};
