// The peers' own block: u32 stream, u32 n, f64 first time in ms, n x f64 value, n x u16 ms from the first time, padded to 8.

const sizeOf = (n) => (16 + 10 * n + 7) & ~7;

/** What came of each stream since it was taken. */
export class WaitingBlocks {
  #byStream = new Map();
  #waiting = [];

  add(bytes) {
    for (let at = 0; at + 16 <= bytes.length;) {
      const stream = bytes.readUInt32LE(at);
      const count = bytes.readUInt32LE(at + 4);
      let block = this.#byStream.get(stream);
      if (!block) this.#byStream.set(stream, (block = new WaitingBlock(stream)));
      if (block.count === 0) this.#waiting.push(block);
      block.add(bytes, at, count);
      at += sizeOf(count);
    }
  }

  /** Calls back with each stream that has news, and its block. */
  take(onBlock) {
    if (this.#waiting.length === 0) return;
    for (const block of this.#waiting.splice(0)) onBlock(block.stream, block.take());
  }
}

class WaitingBlock {
  count = 0;
  #first = 0;
  #capacity = 64;
  #values = Buffer.allocUnsafe(8 * 64);
  #deltas = Buffer.allocUnsafe(2 * 64);

  constructor(stream) {
    this.stream = stream;
  }

  add(bytes, at, count) {
    const first = bytes.readDoubleLE(at + 8);
    if (this.count === 0) this.#first = first;
    const needed = this.count + count;
    if (needed > this.#capacity) this.#grow(needed);
    bytes.copy(this.#values, 8 * this.count, at + 16, at + 16 + 8 * count);
    const shift = first - this.#first;
    const source = at + 16 + 8 * count;
    if (shift === 0) bytes.copy(this.#deltas, 2 * this.count, source, source + 2 * count);
    else {
      for (let i = 0; i < count; i++) {
        this.#deltas.writeUInt16LE(bytes.readUInt16LE(source + 2 * i) + shift, 2 * (this.count + i));
      }
    }
    this.count = needed;
  }

  take() {
    const block = Buffer.allocUnsafe(16 + 10 * this.count);
    block.writeUInt32LE(this.stream, 0);
    block.writeUInt32LE(this.count, 4);
    block.writeDoubleLE(this.#first, 8);
    this.#values.copy(block, 16, 0, 8 * this.count);
    this.#deltas.copy(block, 16 + 8 * this.count, 0, 2 * this.count);
    this.count = 0;
    return block;
  }

  #grow(needed) {
    while (this.#capacity < needed) this.#capacity *= 2;
    const [values, deltas] = [this.#values, this.#deltas];
    this.#values = Buffer.allocUnsafe(8 * this.#capacity);
    this.#deltas = Buffer.allocUnsafe(2 * this.#capacity);
    values.copy(this.#values, 0, 0, 8 * this.count);
    deltas.copy(this.#deltas, 0, 0, 2 * this.count);
  }
}

/** The head of a WebSocket frame from a server. */
export function webSocketHead(opcode, length) {
  let head;
  if (length < 126) {
    head = Buffer.from([0, length]);
  } else if (length < 65_536) {
    head = Buffer.from([0, 126, 0, 0]);
    head.writeUInt16BE(length, 2);
  } else {
    head = Buffer.alloc(10);
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  head[0] = 0x80 | opcode;
  return head;
}
