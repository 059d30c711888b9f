import { z } from 'zod';

// What a request for /v1/metrics looks like as JSON; protobuf is turned into the same. Unknown fields are ignored, as the
// specification of OTLP asks.

/** Infinity and NaN are texts in JSON and numbers in protobuf; whether they are taken is decided for each point. */
const double = z.custom<number | string>(isNumeric, 'must be a number').transform(Number);

/** 64 bits: a text, because JSON has no such numbers, though some send them so. */
const integer = z
  .custom<number | string>((value) => isNumeric(value) && Number.isInteger(Number(value)), 'must be an integer')
  .transform(Number);

/** In ms since the epoch, with its microseconds; undefined when it is not known. */
const time = z
  .custom<number | string>((value) => isNumeric(value) && Number(value) >= 0, 'must be nanoseconds since the epoch')
  .transform((nanoseconds) => microsecondsOf(nanoseconds) / 1_000 || undefined);

const anyValue = z.object({
  stringValue: z.string().nullish(),
  boolValue: z.boolean().nullish(),
  intValue: integer.nullish(),
  doubleValue: double.nullish(),
});

const attributes = z
  .array(z.object({ key: z.string(), value: anyValue.nullish() }))
  .nullish()
  .transform((list) => list ?? []);

const point = z.object({
  attributes,
  timeUnixNano: time.nullish(),
  flags: z.number().nullish(),
});
const counts = z.array(integer).nullish();
const buckets = z.object({ offset: z.int().nullish(), bucketCounts: counts }).nullish();

const numberPoint = point.extend({ asDouble: double.nullish(), asInt: integer.nullish() });
const distribution = point.extend({ count: integer.nullish(), sum: double.nullish() });
const withExtremes = distribution.extend({ min: double.nullish(), max: double.nullish() });
const histogramPoint = withExtremes.extend({ bucketCounts: counts, explicitBounds: z.array(double).nullish() });
const exponentialPoint = withExtremes.extend({
  scale: z.int().min(-20).max(30).nullish(),
  zeroCount: integer.nullish(),
  positive: buckets,
  negative: buckets,
});
const summaryPoint = distribution.extend({
  quantileValues: z.array(z.object({ quantile: double.nullish(), value: double.nullish() })).nullish(),
});

const dataOf = <Point extends z.ZodType>(each: Point) =>
  z.object({ dataPoints: z.array(each).nullish(), aggregationTemporality: z.int().nullish() });

const metric = z.object({
  name: z.string(),
  unit: z.string().nullish(),
  gauge: dataOf(numberPoint).nullish(),
  sum: dataOf(numberPoint).extend({ isMonotonic: z.boolean().nullish() }).nullish(),
  histogram: dataOf(histogramPoint).nullish(),
  exponentialHistogram: dataOf(exponentialPoint).nullish(),
  summary: dataOf(summaryPoint).nullish(),
});

export const metricsRequest = z.object({
  resourceMetrics: z
    .array(
      z.object({
        resource: z.object({ attributes }).nullish(),
        scopeMetrics: z.array(z.object({ metrics: z.array(metric).nullish() })).nullish(),
      }),
    )
    .nullish(),
});

export type MetricsRequest = z.output<typeof metricsRequest>;
export type Metric = z.output<typeof metric>;
export type Attributes = z.output<typeof attributes>;
export type AnyPoint = z.output<typeof point>;
export type HistogramPoint = z.output<typeof histogramPoint>;
export type ExponentialPoint = z.output<typeof exponentialPoint>;

function isNumeric(value: unknown): boolean {
  return (
    typeof value === 'number' ||
    (typeof value === 'string' && /^([+-]?\d+(\.\d+)?(e[+-]?\d+)?|NaN|-?Infinity)$/i.test(value))
  );
}

/** The last three digits are cut off before it becomes a number, because 64 bits do not fit into one. */
function microsecondsOf(nanoseconds: number | string): number {
  if (typeof nanoseconds === 'number' || !/^\d+$/.test(nanoseconds)) return Math.floor(Number(nanoseconds) / 1_000);
  return Number(nanoseconds.slice(0, -3));
}
