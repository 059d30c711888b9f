import { MAX_BATCH_POINTS, QuantumFluxError, streamKey } from '@quantumflux/sdk/protocol';
import { batchOf, checkStream, tooManyPoints, type CheckedStream, type PointBatch } from './point-batch.ts';

/** Two columns that still grow. */
export type Growing = { readonly times: number[]; readonly values: number[] };

/** What a format knows of a stream; checked when the stream is opened. */
export type Identity = { stream: string; tags: Record<string, string>; unit?: string; kind?: 'gauge' | 'counter' };

/** Gathers points that arrive one by one, in any order of streams. */
export class BatchBuilder {
  readonly #streams = new Map<string, { checked: CheckedStream; columns: Growing }>();
  #points = 0;

  /** How many points were added so far. */
  get points(): number {
    return this.#points;
  }

  /**
   * The columns of a stream, the same ones whenever it is asked for. Names that are not in order are `invalid_input`, and so
   * is another unit or kind than the first time.
   */
  open(identity: Identity): Growing {
    // Looked up before it is checked, which costs ten times as much.
    const key = streamKey(identity);
    let stream = this.#streams.get(key);
    if (stream) checkSame(stream.checked, identity);
    else this.#streams.set(key, (stream = { checked: checkStream(identity), columns: { times: [], values: [] } }));
    return stream.columns;
  }

  /** One more point. The caller has checked that both are finite and that the time is one. */
  add(columns: Growing, time: number, value: number): void {
    if (++this.#points > MAX_BATCH_POINTS) throw tooManyPoints();
    columns.times.push(time);
    columns.values.push(value);
  }

  /** All of it, without the streams that got no point. */
  finish(): PointBatch {
    const filled = [...this.#streams.values()].filter(({ columns }) => columns.times.length > 0);
    return batchOf(
      filled.map(({ checked, columns: { times, values } }) => ({
        ...checked,
        columns: { times: new Float64Array(times), values: new Float64Array(values) },
      })),
    );
  }
}

/** Within one body as between two (streams/catalog.ts): what has no unit fits to any. */
function checkSame({ key, unit, kind }: CheckedStream, again: Identity): void {
  if (unit !== null && again.unit !== undefined && again.unit !== unit) {
    throw new QuantumFluxError('invalid_input', `${key}: comes in ${unit} and in ${again.unit}.`);
  }
  if (again.kind === 'counter' && kind === 'gauge') {
    throw new QuantumFluxError('invalid_input', `${key}: comes as a gauge and as a counter.`);
  }
}
