import { setTimeout as sleep } from 'node:timers/promises';
import type { CompactionStore, Due } from './compaction.ts';
import type { Reader } from './reader.ts';

/** How far behind the offset the chunks come, in ms. */
const BEHIND_MS = 50;

/** A partition that is free, whether something waits in it or not. */
const ANY: Due = { ageMs: 0, entries: 0, bytes: 0 };

/**
 * Promises that are broken on purpose, so that the fault tests can prove that they would notice. The tables as they are,
 * unless a test asks for a sabotage:
 *
 * - `advance-before-chunks` lets go of the journal before the chunks are there,
 * - `forget-late` puts points that come late beside those that they replace.
 */
export function sabotagedStore(store: CompactionStore, sabotage: string | undefined): CompactionStore {
  switch (sabotage) {
    case 'advance-before-chunks':
      return {
        ...store,
        async hold(due, work) {
          const entries = await store.hold(due, async (held) => {
            const last = held.entries.at(-1);
            if (last) await held.advance(last.offset);
            return held.entries;
          });
          if (!entries) return undefined;
          await sleep(BEHIND_MS);
          return store.hold(ANY, (held) => work({ ...held, entries, advance: () => Promise.resolve() }));
        },
      };
    case 'forget-late':
      return {
        ...store,
        hold: (due, work) =>
          store.hold(due, (held) => work({ ...held, chunksAround: (pieces) => Promise.resolve(pieces.map(() => [])) })),
      };
    default:
      return store;
  }
}

/** With `fail-on-corrupt`, what cannot be read fails whoever asks for it. */
export function sabotagedReader(read: Reader, sabotage: string | undefined): Reader {
  return sabotage === 'fail-on-corrupt' ? (_name, decode) => decode() : read;
}
