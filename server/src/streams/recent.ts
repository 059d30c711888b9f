/**
 * A map that does not grow for ever: it keeps the `most` entries that were used last, and up to as many more. Looking up
 * costs what it does in a map.
 */
export class Recent<Key, Value> {
  readonly #most: number;
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();

  constructor(most: number) {
    this.#most = most;
  }

  get(key: Key): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: Key, value: Value): void {
    this.#young.set(key, value);
    if (this.#young.size < this.#most) return;
    // Whoever was not asked for while a whole generation was filled goes with the one before.
    this.#old = this.#young;
    this.#young = new Map();
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
  }
}
