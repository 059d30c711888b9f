import { endpoints, QuantumFluxError } from '@quantumflux/sdk/protocol';
import protobuf from 'protobufjs/minimal.js';
import { BatchBuilder } from './batch-builder.ts';
import { mediaType, type Reading, type WriteRoute } from './format.ts';
import { isTime } from './point-batch.ts';
import { Refusals } from './refusals.ts';

/** `POST /api/v1/write`, Prometheus remote-write 1.0. Series that cannot be stored do not refuse the others. */
export const remoteWriteRoute: WriteRoute = {
  ...endpoints.writePrometheus,
  read(body, ask) {
    const { 'content-type': type = '' } = ask.headers;
    if (mediaType(ask) !== 'application/x-protobuf' || type.includes('io.prometheus.write.v2')) {
      throw new QuantumFluxError(
        'unsupported_type',
        'The body must be remote-write 1.0: application/x-protobuf, snappy.',
      );
    }
    return readRemoteWrite(body);
  },
  isPartial: true,
};

type Labels = Record<string, string>;
type Series = { labels: Labels; times: number[]; values: number[] };

/** Reads a WriteRequest: labels are tags, `__name__` is the stream. Samples that are no number, stale markers too, are skipped. */
export function readRemoteWrite(body: Buffer): Reading {
  const builder = new BatchBuilder();
  const refusals = new Refusals();
  const reader = protobuf.Reader.create(body);
  readFields(reader, reader.len, (field) => {
    if (field !== 1) return false;
    const { labels, times, values } = readSeries(reader, endOf(reader));
    refusals.attempt(times.length, () => {
      if (times.length === 0) return;
      const { __name__: stream = '', ...tags } = labels;
      const columns = builder.open({ stream, tags, kind: isCounter(stream) ? 'counter' : 'gauge' });
      if (!times.every(isTime))
        throw new QuantumFluxError('invalid_input', `${stream}: a time is beyond the calendar.`);
      times.forEach((time, i) => builder.add(columns, time, values[i]!));
    });
    return true;
  });
  return { batch: builder.finish(), refused: refusals.refused };
}

// prometheus/prompb/types.proto: TimeSeries { labels = 1; samples = 2 }, Label { name = 1; value = 2 },
// Sample { double value = 1; int64 timestamp = 2 }. Read by hand: a message would be an object per sample.

function readSeries(reader: protobuf.Reader, end: number): Series {
  const series: Series = { labels: {}, times: [], values: [] };
  const labels: [string, string][] = [];
  readFields(reader, end, (field) => {
    if (field === 1) labels.push(readLabel(reader, endOf(reader)));
    else if (field === 2) readSample(reader, endOf(reader), series);
    return field === 1 || field === 2;
  });
  // An empty label is the same as none.
  series.labels = Object.fromEntries(labels.filter(([, value]) => value !== ''));
  return series;
}

function readLabel(reader: protobuf.Reader, end: number): [string, string] {
  const label: [string, string] = ['', ''];
  readFields(reader, end, (field) => {
    if (field === 1) label[0] = reader.string();
    else if (field === 2) label[1] = reader.string();
    return field === 1 || field === 2;
  });
  return label;
}

function readSample(reader: protobuf.Reader, end: number, { times, values }: Series): void {
  let value = 0;
  let time = 0;
  readFields(reader, end, (field) => {
    if (field === 1) value = reader.double();
    else if (field === 2) time = numberOf(reader.int64());
    return field === 1 || field === 2;
  });
  if (!Number.isFinite(value)) return;
  times.push(time);
  values.push(value);
}

/** Goes through the fields of a message; `read` says whether it has read the one with this number. */
function readFields(reader: protobuf.Reader, end: number, read: (field: number) => boolean): void {
  try {
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag >>> 3 === 0 || !read(tag >>> 3)) reader.skipType(tag & 7);
    }
    if (reader.pos === end) return;
  } catch (cause) {
    if (cause instanceof QuantumFluxError) throw cause;
    throw new QuantumFluxError('invalid_input', 'The body is not a protobuf of WriteRequest.', { cause });
  }
  throw new QuantumFluxError('invalid_input', 'The body is not a protobuf of WriteRequest.');
}

/** 64 bits come as an object of two halves. Times are far below 2^53 ms. */
function numberOf(value: number | protobuf.Long): number {
  return typeof value === 'number' ? value : value.high * 2 ** 32 + (value.low >>> 0);
}

function endOf(reader: protobuf.Reader): number {
  return reader.uint32() + reader.pos;
}

/** What Prometheus asks of names: totals end so, and so do the buckets of histograms. */
function isCounter(name: string): boolean {
  return name.endsWith('_total') || name.endsWith('_bucket');
}
