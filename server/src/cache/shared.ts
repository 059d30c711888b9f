/** How long and how much is kept. */
export type SharedOptions<T> = {
  /** How long something is given out again after it was made, in ms. */
  keepMs: number;
  /** Most that is kept, in bytes; the oldest goes first. */
  maxBytes: number;
  /** How many bytes something takes. Default 1, so that `maxBytes` is a number of things. */
  weigh?: (value: T) => number;
};

type Kept<T> = { value: Promise<T>; bytes: number };

/**
 * What many want at the same time is made once, and given out again for a moment. What could not be made is not kept: the
 * next one tries again.
 */
export function createShared<T>({ keepMs, maxBytes, weigh = () => 1 }: SharedOptions<T>) {
  // In the order in which they were made, the oldest first; what is being made weighs nothing yet.
  const all = new Map<string, Kept<T>>();
  let bytes = 0;

  function forget(key: string, kept: Kept<T>): void {
    if (all.get(key) !== kept) return;
    all.delete(key);
    bytes -= kept.bytes;
  }

  function keep(key: string, kept: Kept<T>, value: T): void {
    if (all.get(key) !== kept) return;
    kept.bytes = weigh(value);
    bytes += kept.bytes;
    all.delete(key);
    all.set(key, kept);
    setTimeout(() => forget(key, kept), keepMs).unref();
    for (const [oldest, each] of all) {
      if (bytes <= maxBytes) return;
      if (each.bytes > 0) forget(oldest, each);
    }
  }

  return {
    /** What is kept or being made under this key, else what `make` makes now. */
    get(key: string, make: () => Promise<T>): Promise<T> {
      const known = all.get(key);
      if (known) return known.value;
      const kept: Kept<T> = { value: make(), bytes: 0 };
      all.set(key, kept);
      kept.value.then(
        (value) => keep(key, kept, value),
        () => forget(key, kept),
      );
      return kept.value;
    },

    /** Gives out nothing of what was made, or begun, until now. */
    clear(): void {
      all.clear();
      bytes = 0;
    },
  };
}

export type Shared<T> = ReturnType<typeof createShared<T>>;
