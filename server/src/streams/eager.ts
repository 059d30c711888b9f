import type { CompactionOptions } from './compaction.loop.ts';
import type { CompactorOptions } from './compactor.ts';

/**
 * Compaction that never rests and makes small chunks: what else takes days happens within a second, which is what the
 * fault tests are after.
 */
export const eager: { compactor: CompactorOptions; loop: CompactionOptions } = {
  compactor: { ageMs: 0, chunkPoints: 64 },
  loop: { everyMs: 5, patienceMs: 0 },
};
