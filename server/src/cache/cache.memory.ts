import type { Cache } from './cache.ts';

type Entry = { json: string; expiresAt: number };

const defaults = {
  /** Most characters of keys and values together; beyond, what was not asked for the longest is forgotten. */
  maxCharacters: 32 * 1_024 * 1_024,
};

/** The cache of a server that is alone. Values are kept as JSON text, as in Redis, so that both behave alike. */
export function createMemoryCache(options: Partial<typeof defaults> = {}): Cache {
  const { maxCharacters } = { ...defaults, ...options };
  // In the order of use, the oldest first.
  const entries = new Map<string, Entry>();
  let characters = 0;

  function forget(key: string): void {
    const entry = entries.get(key);
    if (!entry) return;
    entries.delete(key);
    characters -= key.length + entry.json.length;
  }

  return {
    get(key, schema) {
      const entry = entries.get(key);
      if (!entry) return Promise.resolve(undefined);
      if (entry.expiresAt <= Date.now()) {
        forget(key);
        return Promise.resolve(undefined);
      }
      entries.delete(key);
      entries.set(key, entry);
      return Promise.resolve(schema.safeParse(JSON.parse(entry.json)).data);
    },
    set(key, value, { ttlMs }) {
      forget(key);
      const json = JSON.stringify(value);
      entries.set(key, { json, expiresAt: Date.now() + ttlMs });
      characters += key.length + json.length;
      for (const oldest of entries.keys()) {
        if (characters <= maxCharacters) break;
        forget(oldest);
      }
      return Promise.resolve();
    },
    delete: (key) => Promise.resolve(forget(key)),
    close: () => Promise.resolve(entries.clear()),
  };
}
