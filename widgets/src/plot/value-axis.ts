import { scaleQuantize } from 'd3-scale';
import { displayUnit } from './unit.ts';

export type Extent = readonly [low: number, high: number];
export type Tick = { readonly at: number; readonly label: string };

const defaults = {
  /** Ends that stay where they are, whatever the values do. */
  min: undefined as number | undefined,
  max: undefined as number | undefined,
  /** Areas stand on zero. */
  withZero: false,
  /** About how many lines the grid has. */
  count: 5,
  unit: null as string | null,
  /** What is shown now; kept while it fits well enough, so that the picture does not jump with every point. */
  shown: undefined as Extent | undefined,
};

/** Beyond these the distance between two values is no number any more. */
const LARGEST = 1e300;
const SMALLEST = 1e-280;

export type ValueAxisOptions = Partial<typeof defaults>;

/** What the value axis spans, so that all values fit between round numbers. */
export function valueExtent([low, high]: Extent, options: ValueAxisOptions = {}): Extent {
  const { min, max, withZero, count, unit, shown } = { ...defaults, ...options };
  let bottom = Math.max(-LARGEST, Math.min(min ?? low, withZero ? 0 : low));
  let top = Math.min(LARGEST, Math.max(max ?? high, withZero ? 0 : high));
  // Values that go down to less than half of their height are easier to judge with the zero line in sight.
  if (bottom > 0 && bottom < top / 2) bottom = 0;
  // A distance that is lost in rounding is none.
  if (top - bottom <= Math.max(Math.abs(top), Math.abs(bottom), SMALLEST) * 1e-12) {
    const air = Math.abs(top) > SMALLEST ? Math.abs(top) / 10 : 1;
    [bottom, top] = [bottom - air, top + air];
  }
  const { factor } = displayUnit(unit, Math.max(Math.abs(bottom), Math.abs(top)));
  // Round in the unit that is shown: 512 MiB and not 500,000,000 bytes.
  const [niceLow, niceHigh] = scaleQuantize([bottom / factor, top / factor], [0, 1])
    .nice(count)
    .domain();
  const fixed = fix([niceLow * factor, niceHigh * factor], min, max);
  const stillFits = shown && shown[0] <= fixed[0] && shown[1] >= fixed[1];
  return stillFits && fixed[1] - fixed[0] > 0.55 * (shown[1] - shown[0]) ? fix(shown, min, max) : fixed;
}

/** The lines of the grid, and what stands beside them. */
export function valueTicks(
  [low, high]: Extent,
  { count = defaults.count, unit = defaults.unit }: ValueAxisOptions,
): Tick[] {
  const { factor, suffix } = displayUnit(unit, Math.max(Math.abs(low), Math.abs(high)));
  const scale = scaleQuantize([low / factor, high / factor], [0, 1]);
  const label = scale.tickFormat(count);
  return scale.ticks(count).map((at) => ({ at: at * factor, label: label(at) + suffix }));
}

function fix([low, high]: Extent, min = low, max = high): Extent {
  return max - min > SMALLEST ? [min, max] : [Math.min(min, max) - 1, Math.max(min, max) + 1];
}
