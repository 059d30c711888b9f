import { streamKey, type Columns, type StreamMeta } from './protocol/index.ts';

const FIRST_ROOM = 256;

/**
 * The newest points of one stream: two columns, times ascending and each only once. A point that comes late is put in
 * its place; one with the time of another replaces it; the oldest are dropped above the capacity.
 */
export class Series {
  /** The canonical text of the stream: `http.latency{region="eu"}`. */
  readonly key: string;
  /** Most points that are kept. */
  readonly capacity: number;
  #meta: StreamMeta;
  #times = new Float64Array(0);
  #values = new Float64Array(0);
  // The points are those from #start to #end; before and after them is room.
  #start = 0;
  #end = 0;
  #version = 0;

  constructor(meta: StreamMeta, { capacity = 100_000 }: { capacity?: number } = {}) {
    this.key = streamKey(meta);
    this.capacity = capacity;
    this.#meta = meta;
  }

  /** What is known of the stream besides its points. */
  get meta(): StreamMeta {
    return this.#meta;
  }

  /** Goes up whenever points or meta change, so that a drawing knows whether it is still right. */
  get version(): number {
    return this.#version;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** Times in ms since the epoch. A view without a copy: valid until the series changes, and not to be written to. */
  get times(): Float64Array {
    return this.#times.subarray(this.#start, this.#end);
  }

  /** The value at each time; a view like `times`. */
  get values(): Float64Array {
    return this.#values.subarray(this.#start, this.#end);
  }

  /** Time of the oldest point, in ms since the epoch; null when there is none. */
  get first(): number | null {
    return this.length === 0 ? null : this.#times[this.#start]!;
  }

  /** Time of the newest point, in ms since the epoch; null when there is none. */
  get last(): number | null {
    return this.length === 0 ? null : this.#times[this.#end - 1]!;
  }

  /** Takes a new unit or kind. */
  describe(meta: StreamMeta): void {
    if (meta.unit !== this.#meta.unit || meta.kind !== this.#meta.kind) this.#version++;
    this.#meta = meta;
  }

  /** Drops all points. */
  clear(): void {
    this.#start = this.#end = 0;
    this.#version++;
  }

  /** Takes points in any order; of equal times the later one stays. */
  append(columns: Columns): void {
    const added = isAscending(columns.times) ? columns : sorted(columns);
    const oldest = added.times[0];
    if (oldest === undefined) return;
    if (this.last === null || oldest > this.last) this.#push(added);
    else this.#merge(added, oldest);
    this.#start = Math.max(this.#start, this.#end - this.capacity);
    this.#version++;
  }

  #push({ times, values }: Columns): void {
    const skipped = Math.max(0, times.length - this.capacity);
    this.#reserve(times.length - skipped);
    // Most batches are a point or two, for which views to copy from would cost more than copying.
    for (let i = skipped; i < times.length; i++) {
      this.#times[this.#end] = times[i]!;
      this.#values[this.#end++] = values[i]!;
    }
  }

  /** Takes off what is not before `oldest`, and puts it back together with what is new. */
  #merge(added: Columns, oldest: number): void {
    const from = this.#start + firstAtOrAfter(this.times, oldest);
    const times = this.#times.slice(from, this.#end);
    const values = this.#values.slice(from, this.#end);
    this.#end = from;
    this.#push(merged({ times, values }, added));
  }

  /** Makes room for `count` more points, at most the capacity, behind those that will be kept. */
  #reserve(count: number): void {
    if (this.#end + count <= this.#times.length) return;
    const kept = Math.min(this.length, this.capacity - count);
    // The spare quarter makes moving rare: four copies of a point in its life.
    const room = Math.min(Math.max(FIRST_ROOM, 2 * (kept + count)), Math.ceil(1.25 * this.capacity));
    this.#start = this.#end - kept;
    const { times, values } = this;
    if (room > this.#times.length) [this.#times, this.#values] = [new Float64Array(room), new Float64Array(room)];
    this.#times.set(times);
    this.#values.set(values);
    this.#start = 0;
    this.#end = kept;
  }
}

function firstAtOrAfter(times: Float64Array, time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isAscending(times: Float64Array): boolean {
  for (let i = 1; i < times.length; i++) if (times[i]! <= times[i - 1]!) return false;
  return true;
}

function sorted({ times, values }: Columns): Columns {
  const order = Uint32Array.from(times, (_, i) => i).sort((a, b) => times[a]! - times[b]! || a - b);
  const isLast = (i: number, at: number) => times[i] !== times[order[at + 1] ?? -1];
  const kept = order.filter(isLast);
  return { times: Float64Array.from(kept, (i) => times[i]!), values: Float64Array.from(kept, (i) => values[i]!) };
}

/** Both are ascending; of equal times the newer one stays. */
function merged(old: Columns, newer: Columns): Columns {
  const times = new Float64Array(old.times.length + newer.times.length);
  const values = new Float64Array(times.length);
  let [length, o, n] = [0, 0, 0];
  while (o < old.times.length || n < newer.times.length) {
    const oldTime = old.times[o] ?? Infinity;
    const newTime = newer.times[n] ?? Infinity;
    times[length] = Math.min(oldTime, newTime);
    values[length++] = newTime <= oldTime ? newer.values[n]! : old.values[o]!;
    if (oldTime <= newTime) o++;
    if (newTime <= oldTime) n++;
  }
  return { times: times.subarray(0, length), values: values.subarray(0, length) };
}
