import { PARTITIONS, type Position } from '@quantumflux/sdk/protocol';
import type { Bus, Stop } from '../bus/bus.ts';
import type { Log } from '../log.ts';
import { createTail, type Entry, type ReadLimits, type Tail, type TailOptions } from './tail.ts';

export type { Entry } from './tail.ts';

/** What the follower asks of the journal. */
export type JournalTail = {
  heads(): Promise<Position>;
  after(partition: number, offset: number, limits: ReadLimits): Promise<Entry[]>;
};

export type FollowerPorts = {
  /** From where on. Whoever is told of what follows must have begun at the very same position, or something falls between. */
  start: Position;
  journal: JournalTail;
  bus: Pick<Bus, 'subscribe' | 'isUp' | 'onChange'>;
  log: Log;
  /** Resolves once every stream is known that had points when it was asked. Default: at once. */
  meetStreams?: () => Promise<void>;
};

/** Who follows. */
export type Reader = {
  /** Entries of the partitions that are followed: in the order of the offsets, every entry once. */
  onEntry: (entry: Entry) => void;
  /** A partition that is not followed went on up to there. */
  onHead?: (partition: number, offset: number) => void;
  /** The journal is another one, or an older state of it: everybody starts again. */
  onReset: (position: Position) => void;
};

export type FollowerOptions = TailOptions & {
  /** Which partitions are followed: all from the start, or those that somebody watches. Default all. */
  follow?: 'all' | 'watched';
  /** How long a partition is followed after the last one who watched it has gone, in ms. Default 10,000. */
  lingerMs?: number;
  /** How often lost hints are looked for, in ms. Default 1000. */
  sweepMs?: number;
  /** The same while the bus is down. Default 250. */
  sweepWhileDownMs?: number;
};

/** A partition that somebody watches, or did a moment ago. */
type Followed = {
  mark: number;
  tail: Tail;
  listening: Promise<Stop>;
  viewers: number;
  leaving: NodeJS.Timeout | undefined;
};

/**
 * Follows the journal from a position on. The bus brings entries early; what it loses is read from the journal when the next
 * entry, or the sweep, shows that something is missing. Of a partition that nobody watches only the head is followed:
 * what is written there does not even travel to this server.
 */
export async function followJournal(
  { start, journal, bus, log, meetStreams = () => Promise.resolve() }: FollowerPorts,
  { onEntry, onHead = () => undefined, onReset }: Reader,
  { follow = 'all', lingerMs = 10_000, sweepMs = 1_000, sweepWhileDownMs = 250, ...options }: FollowerOptions = {},
) {
  let epoch = start.epoch;
  let heads = new Map(start.offsets);
  const followed = new Map<number, Followed>();
  let marks = 0;
  let isOpen = true;
  let timer: NodeJS.Timeout | undefined;
  let sweeping: Promise<void> | undefined;

  const offsetOf = (partition: number) => followed.get(partition)?.tail.offset() ?? heads.get(partition) ?? 0;
  const ours = (): Position => ({ epoch, offsets: [...heads.keys()].map((each) => [each, offsetOf(each)]) });

  /** From the head on that was told last, so that nothing falls between. */
  function begin(partition: number): Followed {
    const ports = { partition, after: journal.after, onEntry, onTooLate: startAgain, log };
    const tail = createTail(ports, offsetOf(partition), options);
    const hear = (entry: Entry & { epoch: number }) => (entry.epoch === epoch ? tail.hear(entry) : void sweep());
    const listening = bus.subscribe('points', hear, { partition });
    // What was said before is found by looking once it listens.
    void listening.then(sweepAnew);
    const begun: Followed = { mark: ++marks, tail, listening, viewers: 0, leaving: undefined };
    followed.set(partition, begun);
    return begun;
  }

  async function end(partition: number): Promise<void> {
    const gone = followed.get(partition);
    if (!gone) return;
    heads.set(partition, gone.tail.offset());
    followed.delete(partition);
    clearTimeout(gone.leaving);
    await gone.tail.stop();
    await (
      await gone.listening
    )();
  }

  /** Follows a partition from what was told of it last. Gives back what ends it; it is followed a little longer. */
  function watch(partition: number): () => void {
    const each = followed.get(partition) ?? begin(partition);
    each.viewers += 1;
    clearTimeout(each.leaving);
    let isWatching = true;
    return () => {
      if (!isWatching) return;
      isWatching = false;
      each.viewers -= 1;
      if (each.viewers > 0) return;
      each.leaving = setTimeout(() => void end(partition), lingerMs);
      each.leaving.unref();
    };
  }

  const startAgain = async () => reset(await journal.heads());

  function reset(position: Position): void {
    if (!isOpen) return;
    epoch = position.epoch;
    heads = new Map(position.offsets);
    for (const [partition, { tail }] of followed) tail.restart(heads.get(partition) ?? 0);
    onReset(position);
  }

  /** One at a time. Never fails: the next one comes soon. */
  function sweep(): Promise<void> {
    return (sweeping ??= look()
      .catch((error: unknown) => log.warn('the heads of the journal could not be read; trying again', error))
      .finally(() => (sweeping = undefined)));
  }

  async function look(): Promise<void> {
    const before = ours();
    const now = await journal.heads();
    // Heads that were read before an entry was heard are not an older state, so ours are those of before the question.
    if (now.epoch !== epoch || isRewound(now, before)) return reset(now);
    for (const [partition, offset] of now.offsets) followed.get(partition)?.tail.expect(offset);
    if (!now.offsets.some(isNewToUs)) return;
    // Whoever is told of the head of a quiet partition takes it that nothing there was for it: by then all streams that had
    // points there are known, and those who see one of them have begun to watch.
    await meetStreams();
    if (now.epoch !== epoch) return;
    for (const [partition, offset] of now.offsets.filter(isNewToUs)) {
      heads.set(partition, offset);
      onHead(partition, offset);
    }
  }

  /** Whether a partition that is not followed went on. */
  function isNewToUs([partition, offset]: [number, number]): boolean {
    return !followed.has(partition) && offset > offsetOf(partition);
  }

  /** Looks at what is there from now on, also when a look is under way. */
  const sweepAnew = () => (sweeping ?? Promise.resolve()).then(sweep);

  function schedule(): void {
    clearTimeout(timer);
    if (isOpen) timer = setTimeout(() => void sweep().finally(schedule), bus.isUp() ? sweepMs : sweepWhileDownMs);
  }

  const stopHeads = await bus.subscribe('heads', (position) => {
    if (position.epoch !== epoch) return sweep();
    for (const [partition, offset] of position.offsets) followed.get(partition)?.tail.expect(offset);
    return undefined;
  });
  // A bus that comes back has lost what was said meanwhile.
  const stopChanges = bus.onChange(() => void sweepAnew().finally(schedule));
  if (follow === 'all') for (let partition = 0; partition < PARTITIONS; partition++) watch(partition);
  await Promise.all([...followed.values()].map(({ listening }) => listening));
  schedule();

  return {
    /** Up to where everything was handed on; of partitions that are not followed, how far they are. */
    position: ours,
    isFollowing: (partition: number) => followed.has(partition),
    /** The same as long as a partition is followed without a break; undefined while it is not. */
    markOf: (partition: number) => followed.get(partition)?.mark,
    watch,
    async stop(): Promise<void> {
      isOpen = false;
      clearTimeout(timer);
      stopChanges();
      await stopHeads();
      await Promise.all([...followed.keys()].map(end));
    },
  };
}

export type Follower = Awaited<ReturnType<typeof followJournal>>;

/** Whether a later look shows less. */
function isRewound(now: Position, before: Position): boolean {
  const offsets = new Map(now.offsets);
  return before.offsets.some(([partition, offset]) => (offsets.get(partition) ?? 0) < offset);
}
