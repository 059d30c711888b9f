import { streamKey, type Columns, type StreamKind, type Tags } from '@quantumflux/sdk/protocol';
import type { Log } from '../log.ts';
import type { Reading } from './reading.ts';
import { createReader } from './readings.ts';

type HostBatch = {
  streams: {
    stream: string;
    tags: Tags;
    key: string;
    unit: string | null;
    kind: StreamKind;
    public: boolean;
    columns: Columns;
  }[];
  points: number;
};

const EVERY_MS = 1_000;

/** Records the machine that the server runs on, once a second, as any other agent would. Its streams are public. */
export function startHostSource({
  append,
  log,
}: {
  append: (batch: HostBatch) => Promise<void>;
  log: Log;
}): () => Promise<void> {
  const reader = createReader();
  let open = true;
  let isFailing = false;
  let reading = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  async function record(): Promise<void> {
    try {
      const now = Date.now();
      await append(batchOf(await reader.read(), now));
      isFailing = false;
    } catch (error) {
      // Once per trouble, not once per second.
      if (!isFailing) log.warn('this machine could not be recorded; trying again every second', error);
      isFailing = true;
    }
  }

  function schedule(): void {
    if (!open) return;
    // On the full second, so that the streams of several machines line up.
    timer = setTimeout(
      () => {
        reading = record().finally(schedule);
      },
      EVERY_MS - (Date.now() % EVERY_MS),
    );
  }

  reading = record().finally(schedule);
  return async () => {
    open = false;
    clearTimeout(timer);
    await reading;
    await reader.stop();
  };
}

function batchOf(readings: Reading[], time: number): HostBatch {
  const streams = readings.map(({ stream, tags = {}, unit = null, value }) => ({
    stream,
    tags,
    key: streamKey({ stream, tags }),
    unit,
    kind: 'gauge' as const,
    public: true,
    columns: { times: Float64Array.of(time), values: Float64Array.of(value) },
  }));
  return { streams, points: streams.length };
}
