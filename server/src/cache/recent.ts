/**
 * A map that does not grow for ever: it keeps the entries that were used last, `most` of them or of what they weigh together,
 * and up to as much more. Looking up costs what it does in a map.
 */
export class Recent<Key, Value> {
  readonly #most: number;
  // Two generations: the older one is dropped as a whole when the younger one is full. No list to keep in order.
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();
  #weight = 0;
  readonly #weigh: (key: Key) => number;

  /** `weigh`: what an entry counts for. Default one. */
  constructor(most: number, weigh: (key: Key) => number = () => 1) {
    this.#most = most;
    this.#weigh = weigh;
  }

  get(key: Key): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: Key, value: Value): void {
    if (!this.#young.has(key)) this.grow(this.#weigh(key));
    this.#young.set(key, value);
  }

  /** Something that is remembered weighs so much more. */
  grow(weight: number): void {
    this.#weight += weight;
    if (this.#weight <= this.#most) return;
    // Whoever was not asked for while a whole generation was filled goes with the one before.
    this.#old = this.#young;
    this.#young = new Map();
    this.#weight = weight;
  }

  has(key: Key): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }

  delete(key: Key): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#weight = 0;
  }
}
