import { MAX_BATCH_POINTS, QuantumFluxError } from '@quantumflux/sdk/protocol';
import {
  batchOf,
  checkStream,
  tooManyPoints,
  withColumns,
  type CheckedStream,
  type PointBatch,
  type StreamPoints,
} from './point-batch.ts';

/** Names a stream among those of one batch. */
export type Place = number;

/** What a format knows of a stream; checked when the stream is opened. */
export type Identity = { stream: string; tags: Record<string, string>; unit?: string; kind?: 'gauge' | 'counter' };

/** Gathers points that arrive one by one, in any order of streams. */
export class BatchBuilder {
  readonly #streams: CheckedStream[] = [];
  readonly #places = new Map<string, Place>();
  // As they came; sorted by their streams at the end, in one go.
  #placeOf = new Uint32Array(1_024);
  #times = new Float64Array(1_024);
  #values = new Float64Array(1_024);
  #points = 0;

  /** How many points were added so far. */
  get points(): number {
    return this.#points;
  }

  /**
   * The place of a stream, the same one whenever it is asked for. Names that are not in order are `invalid_input`, and so is
   * another unit or kind than the first time.
   */
  open(identity: Identity): Place {
    return this.place(checkStream(identity));
  }

  /** The same for a stream that was checked before. */
  place(checked: CheckedStream): Place {
    let place = this.#places.get(checked.key);
    if (place === undefined) this.#places.set(checked.key, (place = this.#streams.push(checked) - 1));
    else checkSame(this.#streams[place]!, checked);
    return place;
  }

  /** One more point. The caller has checked that both are finite and that the time is one. */
  add(place: Place, time: number, value: number): void {
    const i = this.#points++;
    if (i >= MAX_BATCH_POINTS) throw tooManyPoints();
    if (i === this.#times.length) this.#grow();
    this.#placeOf[i] = place;
    this.#times[i] = time;
    this.#values[i] = value;
  }

  /** All of it, without the streams that got no point. */
  finish(): PointBatch {
    const points = this.#points;
    const counts = new Uint32Array(this.#streams.length);
    for (let i = 0; i < points; i++) counts[this.#placeOf[i]!]!++;
    const times = new Float64Array(points);
    const values = new Float64Array(points);
    let end = 0;
    const ends = counts.map((count) => (end += count));
    // From the last to the first, so that the ends become the starts and the points of a stream stay in their order.
    for (let i = points - 1; i >= 0; i--) {
      const at = --ends[this.#placeOf[i]!]!;
      times[at] = this.#times[i]!;
      values[at] = this.#values[i]!;
    }
    const streams: StreamPoints[] = [];
    for (const [place, checked] of this.#streams.entries()) {
      const [start, count] = [8 * ends[place]!, counts[place]!];
      if (count === 0) continue;
      // Views of the one column of all.
      const columns = {
        times: new Float64Array(times.buffer, start, count),
        values: new Float64Array(values.buffer, start, count),
      };
      streams.push(withColumns(checked, columns));
    }
    return batchOf(streams);
  }

  #grow(): void {
    const longer = this.#times.length * 2;
    const [placeOf, times, values] = [this.#placeOf, this.#times, this.#values];
    (this.#placeOf = new Uint32Array(longer)).set(placeOf);
    (this.#times = new Float64Array(longer)).set(times);
    (this.#values = new Float64Array(longer)).set(values);
  }
}

/** Within one body as between two (streams/catalog.ts): what has no unit fits to any. */
function checkSame({ key, unit, kind }: CheckedStream, again: CheckedStream): void {
  if (unit !== null && again.unit !== null && again.unit !== unit) {
    throw new QuantumFluxError('invalid_input', `${key}: comes in ${unit} and in ${again.unit}.`);
  }
  if (again.kind === 'counter' && kind === 'gauge') {
    throw new QuantumFluxError('invalid_input', `${key}: comes as a gauge and as a counter.`);
  }
}
