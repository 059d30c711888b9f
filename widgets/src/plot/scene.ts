import { type Columns, within, withNeighbours } from './columns.ts';
import { decimate, type Kept, nothingKept } from './decimate.ts';
import { gapLimit } from './gaps.ts';
import type { Pane } from './pane.ts';
import type { Picture } from './picture.ts';
import type { Size } from './surface.ts';
import { timeTicks } from './time-axis.ts';
import { type Extent, type Tick, valueExtent, valueTicks } from './value-axis.ts';

/** A series, cut and thinned for the pane. */
export type Trace = {
  /** The series as it is in this frame. */
  columns: Columns;
  readonly kept: Kept;
  /** Longer distances, in ms, are not bridged. */
  gap: number;
  /** How many points are in the window. */
  points: number;
};

/** One frame of a plot, ready to be painted. */
export type Scene = {
  readonly pane: Pane;
  readonly traces: readonly Trace[];
  readonly timeTicks: readonly Tick[];
  readonly valueTicks: readonly Tick[];
};

/** Smaller plots are sparklines, whatever was asked for. */
const LEAST_FOR_AXES = { width: 180, height: 88 };
const LABEL_GAP = 8;

/** Makes the scenes of one plot. It remembers what must not jump from frame to frame. */
export class Stage {
  readonly #measure: (label: string) => number;
  readonly #traces: Trace[] = [];
  #gutter = 0;
  #extent: Extent | undefined;

  constructor(measure: (label: string) => number) {
    this.#measure = measure;
  }

  /** To be called when the next picture has nothing to do with the last one. */
  reset(): void {
    this.#gutter = 0;
    this.#extent = undefined;
  }

  compose(picture: Picture, { width, height }: Size): Scene {
    const { span, unit, min, max, kind } = picture;
    const axes = picture.axes && width >= LEAST_FOR_AXES.width && height >= LEAST_FOR_AXES.height;
    const count = Math.max(2, Math.round(height / 60));
    const margin = axes ? { top: 8, right: 8, bottom: 22 } : { top: 3, right: 4, bottom: 3 };
    const box = { top: margin.top, bottom: height - margin.bottom, right: width - margin.right };

    for (;;) {
      const left = axes ? this.#gutter : 0;
      const msPerPixel = span / (box.right - left);
      // The window moves by whole pixels, so that a line keeps its shape and labels stay sharp.
      const to = Math.ceil(picture.now() / msPerPixel) * msPerPixel;
      const from = to - span;
      const values = this.#trace(picture.series, from, to, msPerPixel);
      // A sparkline shows how values move; how large they are is said beside it.
      const withZero = kind === 'area' && picture.axes;
      const shown = this.#extent;
      const extent = valueExtent(values ?? [0, 1], { min, max, unit, count, shown, withZero });
      const ticks = axes ? valueTicks(extent, { count, unit }) : [];
      const gutter = Math.ceil(Math.max(0, ...ticks.map(({ label }) => this.#measure(label)))) + LABEL_GAP;
      if (axes && gutter > this.#gutter) {
        // Grows in steps and never shrinks: the left edge must not move with every new label.
        this.#gutter = Math.ceil(gutter / 8) * 8;
        continue;
      }
      if (values) this.#extent = extent;
      const pane = { ...box, left, from, to, low: extent[0], high: extent[1] };
      return {
        pane,
        traces: this.#traces,
        valueTicks: ticks,
        timeTicks: axes ? timeTicks([from, to], box.right - left, this.#measure) : [],
      };
    }
  }

  /** Cuts and thins all series; returns the lowest and highest value in sight. */
  #trace(series: readonly Columns[], from: number, to: number, msPerPixel: number): Extent | undefined {
    let low = Infinity;
    let high = -Infinity;
    this.#traces.length = Math.min(this.#traces.length, series.length);
    series.forEach((source, i) => {
      // Read once per frame: a live series hands out a new view each time.
      const columns = { times: source.times, values: source.values, length: source.length };
      const trace = (this.#traces[i] ??= { columns, kept: nothingKept(), gap: Infinity, points: 0 });
      const inside = within(columns, from, to);
      const slice = withNeighbours(inside, columns);
      trace.columns = columns;
      trace.points = inside.end - inside.start;
      trace.gap = gapLimit(columns, slice, msPerPixel);
      decimate(columns, slice, msPerPixel, trace.kept);
      for (let k = 0; k < trace.kept.count; k++) {
        const index = trace.kept.indices[k]!;
        // Neighbours outside of the window do not stretch it.
        if (trace.points > 0 && (index < inside.start || index >= inside.end)) continue;
        const value = columns.values[index]!;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    });
    return low <= high ? [low, high] : undefined;
  }
}
