import type { Stream } from './stream.ts';
import type { StreamStore } from './streams.store.ts';

export type ChangesPorts = {
  store: Pick<StreamStore, 'now' | 'changedSince'>;
  /** Told of streams that were made or changed, as they are now; of some of them more than once. */
  onChange: (streams: Stream[]) => void;
  /** The database is an older one than before: nothing that is known of it holds. */
  onRewound: () => void;
};

/** Finds out which streams were made or changed, on this server or another one. Nothing is passed over. */
export function createChanges({ store, onChange, onRewound }: ChangesPorts) {
  /** Everything that ended below it is known; undefined before the first look. */
  let mark: bigint | undefined;
  let rewindTo: bigint | undefined;
  let current: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  let lookedAt = -Infinity;

  async function look(): Promise<void> {
    const since = rewindTo !== undefined && mark !== undefined && rewindTo < mark ? rewindTo : mark;
    rewindTo = undefined;
    const at = performance.now();
    if (since === undefined) {
      mark = await store.now();
    } else {
      const isKnown = mark!;
      mark = since;
      const found = await store.changedSince(since);
      // On one database the mark never goes back.
      if (found.mark < isKnown) onRewound();
      mark = found.mark;
      if (found.streams.length > 0) onChange(found.streams);
    }
    lookedAt = at;
  }

  return {
    /** Resolves once all is known that was true when this was called. */
    catchUp(): Promise<void> {
      // A look that is under way may have passed what the caller wants to be seen.
      next ??= current
        .catch(() => undefined)
        .then(() => {
          next = undefined;
          return (current = look());
        });
      return next;
    },

    /** Looks again at what changed since this mark, with the next `catchUp`. */
    rewind(to: bigint): void {
      if (rewindTo === undefined || to < rewindTo) rewindTo = to;
    },

    /** How long ago the last look was that succeeded, in ms. */
    age: () => performance.now() - lookedAt,

    /** Resolves once no look is under way. */
    async settled(): Promise<void> {
      await Promise.allSettled([current, next]);
    },
  };
}
