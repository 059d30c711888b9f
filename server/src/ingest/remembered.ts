import { Recent } from '../cache/recent.ts';

/** Most bytes that one half remembers, about. Two halves of three caches have 48 MiB; 10,000 streams need a sixth of it. */
const MAX_BYTES = 8 * 1_024 * 1_024;

/** What an entry, or a part of one, has in memory besides its text. */
export const ENTRY_BYTES = 400;

/** What was made lately, by the text that it was made of. */
export function rememberByText<Value>(): Recent<string, Value> {
  return new Recent(MAX_BYTES, (text) => text.length + ENTRY_BYTES);
}
