import protobuf from 'protobufjs';

// prometheus/prompb/remote.proto, as Prometheus itself writes it.
const { root } = protobuf.parse(`
syntax = "proto3";
message WriteRequest { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3; }
message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
message Label { string name = 1; string value = 2; }
message Sample { double value = 1; int64 timestamp = 2; }
message MetricMetadata { int32 type = 1; string metric_family_name = 2; }
`);
const type = root.lookupType('WriteRequest');

/** Samples are `[value, time]`. */
export type SentSeries = { labels: Record<string, string>; samples: [number, number][] };

/** Writes the body of a remote-write request, before snappy. */
export function encodeWriteRequest(series: SentSeries[]): Buffer {
  const timeseries = series.map(({ labels, samples }) => ({
    labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
    samples: samples.map(([value, timestamp]) => ({ value, timestamp })),
  }));
  const message = type.fromObject({ timeseries, metadata: [{ type: 1, metricFamilyName: 'up' }] });
  return Buffer.from(type.encode(message).finish());
}
