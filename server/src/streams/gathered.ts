import { decodeBlock, type Block, type Columns } from '@quantumflux/sdk/protocol';

/** Points of one stream, put together from blocks that may be small and many: a second's worth each, say. */
export class Gathered {
  #times = new Float64Array(16);
  #values = new Float64Array(16);
  #length = 0;

  /** Adds the points of a block behind the others. One that cannot be read is an error, and adds nothing. */
  add(block: Block): void {
    const { times } = decodeBlock(block, (count) => this.#room(count));
    this.#length += times.length;
  }

  toColumns(): Columns {
    return { times: this.#times.subarray(0, this.#length), values: this.#values.subarray(0, this.#length) };
  }

  #room(count: number): Columns {
    const end = this.#length + count;
    if (end > this.#times.length) {
      const [times, values] = [this.#times, this.#values];
      const size = Math.max(end, 2 * times.length);
      (this.#times = new Float64Array(size)).set(times);
      (this.#values = new Float64Array(size)).set(values);
    }
    return { times: this.#times.subarray(this.#length, end), values: this.#values.subarray(this.#length, end) };
  }
}
