/** Most bytes that one half remembers, about. Two halves of three caches have 48 MiB; 10,000 streams need a sixth of it. */
const MAX_BYTES = 8 * 1_024 * 1_024;

/** What an entry has in memory besides its text. */
const ENTRY_BYTES = 400;

/**
 * What was made lately, by the text that it was made of. What was not asked for, while as many others as there is room
 * for came, is forgotten.
 */
export class Recent<Value> {
  // Two halves: the older one is dropped as a whole when the younger one is full. No list to keep in order.
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();
  #bytes = 0;
  readonly #maxBytes: number;

  constructor(maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  get(text: string): Value | undefined {
    const value = this.#young.get(text);
    if (value !== undefined) return value;
    const older = this.#old.get(text);
    if (older !== undefined) this.set(text, older);
    return older;
  }

  set(text: string, value: Value): void {
    this.grow(text.length);
    this.#young.set(text, value);
  }

  /** Something that is remembered has got one more part, of so many bytes. */
  grow(bytes: number): void {
    this.#bytes += bytes + ENTRY_BYTES;
    if (this.#bytes <= this.#maxBytes) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#bytes = bytes + ENTRY_BYTES;
  }
}
