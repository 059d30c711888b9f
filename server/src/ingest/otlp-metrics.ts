import { QuantumFluxError, type StreamKind } from '@quantumflux/sdk/protocol';
import { BatchBuilder } from './batch-builder.ts';
import type { Reading } from './format.ts';
import { exponentialBuckets, quantileOf, type Buckets } from './histogram.ts';
import { streamNameOf, tagNameOf } from './names.ts';
import type { AnyPoint, Attributes, ExponentialPoint, HistogramPoint, Metric, MetricsRequest } from './otlp.schema.ts';
import { isTime } from './point-batch.ts';
import { Refusals } from './refusals.ts';

/** Which attributes of a resource tell it from others; the rest (versions, command lines) would split streams for nothing. */
const identifying: ReadonlySet<string> = new Set([
  'service.name',
  'service.namespace',
  'service.instance.id',
  'deployment.environment.name',
  'deployment.environment',
  'host.name',
  'k8s.namespace.name',
  'k8s.pod.name',
]);

/** AggregationTemporality: each value holds all since the start. */
const CUMULATIVE = 2;

/** DataPointFlags: the source has stopped to exist. */
const NO_RECORDED_VALUE = 1;

const quantiles = [0.5, 0.95, 0.99];

/** One number of a data point: what it adds to the name, the value, and whether it only grows. */
type Part = { suffix: string; value: number | undefined; kind?: StreamKind };

/** Metrics of OpenTelemetry as points. Data points that cannot be stored are refused, the others are read. */
export function readMetrics({ resourceMetrics }: MetricsRequest, now: number): Reading {
  const builder = new BatchBuilder();
  const refusals = new Refusals();
  for (const { resource, scopeMetrics } of resourceMetrics ?? []) {
    const shared = tagsOf((resource?.attributes ?? []).filter(({ key }) => identifying.has(key)));
    for (const metric of (scopeMetrics ?? []).flatMap(({ metrics }) => metrics ?? [])) {
      for (const [point, parts] of partsOf(metric)) refusals.attempt(1, () => take(metric, shared, point, parts));
    }
  }
  return { batch: builder.finish(), refused: refusals.refused };

  function take(metric: Metric, shared: Record<string, string>, point: AnyPoint, parts: Part[]): void {
    if (((point.flags ?? 0) & NO_RECORDED_VALUE) !== 0) return;
    const time = point.timeUnixNano ?? now;
    const known = parts.filter(({ value }) => value !== undefined);
    if (!isTime(time)) throw refusal(metric, 'the time is beyond the calendar');
    if (known.length === 0 || !known.every(({ value }) => Number.isFinite(value))) {
      throw refusal(metric, 'the value is not a finite number');
    }
    const tags = { ...shared, ...tagsOf(point.attributes) };
    const unit = unitOf(metric.unit);
    const columns = known.map(({ suffix, kind = 'gauge' }) =>
      // A count is not in the unit of what is counted.
      builder.open({
        stream: streamNameOf(metric.name + suffix),
        tags,
        kind,
        ...(unit === undefined || suffix === '.count' ? {} : { unit }),
      }),
    );
    known.forEach(({ value }, i) => builder.add(columns[i]!, time, value!));
  }
}

function* partsOf({ gauge, sum, histogram, exponentialHistogram, summary }: Metric): Generator<[AnyPoint, Part[]]> {
  const total = sum?.isMonotonic === true && sum.aggregationTemporality === CUMULATIVE ? 'counter' : 'gauge';
  for (const point of gauge?.dataPoints ?? []) yield [point, [{ suffix: '', value: numberOf(point) }]];
  for (const point of sum?.dataPoints ?? []) yield [point, [{ suffix: '', value: numberOf(point), kind: total }]];
  for (const point of histogram?.dataPoints ?? []) {
    yield [point, distribution(point, kindOf(histogram), bucketsOf(point))];
  }
  for (const point of exponentialHistogram?.dataPoints ?? []) {
    yield [point, distribution(point, kindOf(exponentialHistogram), exponentialOf(point))];
  }
  for (const point of summary?.dataPoints ?? []) {
    const values = (point.quantileValues ?? []).map(({ quantile, value }) => ({
      suffix: suffixOf(quantile ?? 0),
      // Of nothing there is no quantile, which is written NaN.
      value: Number.isNaN(value) ? undefined : (value ?? 0),
    }));
    yield [point, [...totals(point, 'counter'), ...values]];
  }
}

function numberOf({ asDouble, asInt }: { asDouble?: number | null | undefined; asInt?: number | null | undefined }) {
  return asDouble ?? asInt ?? undefined;
}

function kindOf(data: Metric['histogram'] | Metric['exponentialHistogram']): StreamKind {
  return data?.aggregationTemporality === CUMULATIVE ? 'counter' : 'gauge';
}

function totals(
  { count, sum }: { count?: number | null | undefined; sum?: number | null | undefined },
  kind: StreamKind,
) {
  return [
    { suffix: '.count', value: count ?? 0, kind },
    // The sum of values below zero shrinks; then its rate would be read as one reset after another. Not known here.
    { suffix: '.sum', value: sum ?? undefined, kind },
  ];
}

function distribution(
  point: HistogramPoint | ExponentialPoint,
  kind: StreamKind,
  buckets: Buckets | undefined,
): Part[] {
  const estimates = quantiles.map((share) => ({
    suffix: suffixOf(share),
    value: buckets && quantileOf(share, buckets),
  }));
  return [...totals(point, kind), ...estimates];
}

/** 0.99 is `.p99`, 0.999 is `.p99.9`. */
function suffixOf(share: number): string {
  return `.p${Math.round(share * 1e6) / 1e4}`;
}

function bucketsOf({ explicitBounds, bucketCounts, min, max }: HistogramPoint): Buckets {
  return { bounds: explicitBounds ?? [], counts: bucketCounts ?? [], min: min ?? undefined, max: max ?? undefined };
}

function exponentialOf({ scale, zeroCount, positive, negative, min, max }: ExponentialPoint): Buckets | undefined {
  if (negative?.bucketCounts?.some((count) => count > 0)) return undefined;
  const buckets = exponentialBuckets(scale ?? 0, positive?.offset ?? 0, positive?.bucketCounts ?? [], zeroCount ?? 0);
  return { ...buckets, min: min ?? undefined, max: max ?? undefined };
}

/** Attributes as tags; lists and maps are left out. */
function tagsOf(attributes: Attributes): Record<string, string> {
  const tags = attributes.map(({ key, value }): [string, string] => {
    const { stringValue, boolValue, intValue, doubleValue } = value ?? {};
    return [tagNameOf(key), String(stringValue ?? boolValue ?? intValue ?? doubleValue ?? '')];
  });
  return Object.fromEntries(tags.filter(([, text]) => text !== ''));
}

/** `1` and `{requests}` are no units. */
function unitOf(unit: string | null | undefined): string | undefined {
  return !unit || unit === '1' || unit.startsWith('{') ? undefined : unit;
}

function refusal({ name }: Metric, why: string): QuantumFluxError {
  return new QuantumFluxError('invalid_input', `${name}: ${why}.`);
}
