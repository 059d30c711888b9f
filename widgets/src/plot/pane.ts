/** Where the series are drawn, in CSS pixels, and what times and values its edges mean. */
export type Pane = {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly from: number;
  readonly to: number;
  readonly low: number;
  readonly high: number;
};

export function timeToX({ left, right, from, to }: Pane): (time: number) => number {
  const perMs = (right - left) / (to - from);
  return (time) => left + (time - from) * perMs;
}

export function valueToY({ top, bottom, low, high }: Pane): (value: number) => number {
  const perUnit = (bottom - top) / (high - low);
  return (value) => bottom - (value - low) * perUnit;
}

export function xToTime({ left, right, from, to }: Pane): (x: number) => number {
  const msPerPixel = (to - from) / (right - left);
  return (x) => from + (x - left) * msPerPixel;
}

/** Where zero is, or the edge of the pane that is nearest to it. */
export function groundOf(pane: Pane): number {
  return Math.min(pane.bottom, Math.max(pane.top, valueToY(pane)(0)));
}
