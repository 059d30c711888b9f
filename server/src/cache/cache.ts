import type { z } from 'zod';

/** Remembers for a while what can be found again. Losing it costs time, never data. */
export interface Cache {
  /** What was set and has not expired; undefined when there is nothing, or it no longer fits the schema. */
  get<Schema extends z.ZodType>(key: string, schema: Schema): Promise<z.output<Schema> | undefined>;

  /** Keeps a JSON value for `ttlMs`; what becomes of the value afterwards does not matter. */
  set(key: string, value: unknown, options: { ttlMs: number }): Promise<void>;

  /** Forgets at once, unless the cache cannot be reached: then what is old lives as long as it was set for. */
  delete(key: string): Promise<void>;

  close(): Promise<void>;
}
