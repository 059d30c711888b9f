import { type Columns, within, withNeighbours } from './columns.ts';
import { decimate, type Kept, nothingKept } from './decimate.ts';
import { gapLimit } from './gaps.ts';
import type { Pane } from './pane.ts';
import type { Picture } from './picture.ts';
import type { Size } from './surface.ts';
import { type Step, timeStep, timeTicks } from './time-axis.ts';
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

/** Makes the scenes of one plot. It remembers what must not jump from frame to frame, and what need not be worked out again. */
export class Stage {
  readonly #measure: (label: string) => number;
  readonly #traces: Trace[] = [];
  #gutter = 0;
  #extent: Extent | undefined;
  #values: { readonly key: string; readonly ticks: Tick[]; readonly width: number } | undefined;
  #times: { readonly key: string; readonly step: Step } | undefined;

  constructor(measure: (label: string) => number) {
    this.#measure = measure;
  }

  /** To be called when the next picture has nothing to do with the last one. */
  reset(): void {
    this.#gutter = 0;
    this.#extent = this.#values = this.#times = undefined;
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
      if (axes && this.#widen(extent, { count, unit })) continue;
      if (values) this.#extent = extent;
      return {
        pane: { ...box, left, from, to, low: extent[0], high: extent[1] },
        traces: this.#traces,
        valueTicks: axes ? this.#values!.ticks : [],
        timeTicks: axes ? timeTicks([from, to], this.#timeStep(span, box.right - left)) : [],
      };
    }
  }

  /** Makes room for the labels of the value axis; true when there was too little. */
  #widen(extent: Extent, options: { count: number; unit: string | null }): boolean {
    const key = `${extent.join()} ${options.count} ${options.unit}`;
    if (this.#values?.key !== key) {
      const ticks = valueTicks(extent, options);
      this.#values = { key, ticks, width: Math.max(0, ...ticks.map(({ label }) => this.#measure(label))) };
    }
    const needed = Math.ceil(this.#values.width) + LABEL_GAP;
    if (needed <= this.#gutter) return false;
    // Grows in steps and never shrinks: the left edge must not move with every new label.
    this.#gutter = Math.ceil(needed / 8) * 8;
    return true;
  }

  #timeStep(span: number, width: number): Step {
    const key = `${span} ${width}`;
    if (this.#times?.key !== key) this.#times = { key, step: timeStep(span, width, this.#measure) };
    return this.#times.step;
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
