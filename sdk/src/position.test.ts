import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newestOf, stepFor, type Step } from './position.ts';
import type { Position, Range } from './protocol/index.ts';

const at = (...offsets: Position['offsets']): Position => ({ epoch: 1, offsets });

describe('one range', () => {
  test('[S5] what is known already is dropped', () => {
    expect(stepFor(at([0, 5]), 1, [0, 3, 5])).toEqual({ is: 'drop' });
    expect(stepFor(at([0, 5]), 1, [0, 5, 5])).toEqual({ is: 'drop' });
  });

  test('[S6] what goes on from the position is applied, and what overlaps is trimmed', () => {
    expect(stepFor(at([0, 5], [1, 9]), 1, [0, 5, 7])).toEqual({ is: 'apply', since: 5, position: at([1, 9], [0, 7]) });
    expect(stepFor(at([0, 5]), 1, [0, 2, 7])).toEqual({ is: 'apply', since: 5, position: at([0, 7]) });
  });

  test('[S7] a hole before it is a gap, also in a partition that the position does not name', () => {
    expect(stepFor(at([0, 5]), 1, [0, 6, 7])).toEqual({ is: 'gap' });
    expect(stepFor(at([0, 5]), 1, [3, 6, 7])).toEqual({ is: 'gap' });
  });

  test('[S8] another epoch is another journal, whatever the offsets', () => {
    expect(stepFor(at([0, 5]), 2, [0, 5, 7])).toEqual({ is: 'resync' });
    expect(stepFor(at([0, 5]), 2, [0, 1, 2])).toEqual({ is: 'resync' });
  });
});

type Message = {
  epoch: number;
  delivery: 'whole' | 'conflated' | 'coalesced';
  skipped: number;
  ranges: Range[];
  left: string[];
};

/** Every entry of a range, told apart by epoch, partition and offset. */
function entriesOf(epoch: number, [partition, after, last]: Range): string[] {
  return Array.from({ length: last - after }, (_, i) => `${epoch}/${partition}/${after + i + 1}`);
}

/**
 * A server with a journal of two partitions that may no longer have its oldest entries, a network that does what networks
 * do, perhaps a second connection that takes over, and a reader that has nothing but the functions under test.
 */
class World {
  readonly #step: typeof stepFor;
  readonly #merge: typeof newestOf;
  readonly #tells: boolean;
  #epoch = 1;
  #heads = [0, 0];
  /** Up to here the server sent. */
  #sent = [0, 0];
  /** Up to here nothing can be replayed any more. */
  #forgotten = [0, 0];
  #network: Message[] = [];
  /** The connection that was moved from, while the new one is asked. */
  #old: Message[] = [];
  /** What the new connection will answer: up to here it read. */
  #reply: { frame: Message; position: Position } | undefined;
  #position: Position;
  /** What the reader took since it last started from history, and where that was. */
  #taken: string[] = [];
  #start: Position;
  /** What it was told that it will not get: by a section, or by a resync. */
  #told = new Set<string>();

  constructor(step: typeof stepFor, merge: typeof newestOf, tells: boolean) {
    this.#step = step;
    this.#tells = tells;
    this.#merge = merge;
    this.#position = this.#start = this.#headPosition();
  }

  /** One thing happens. `what` is any natural number. */
  happen(what: number): void {
    const partition = (what >> 5) & 1;
    const [first, second] = this.#network;
    const some = (what >> 6) & 3;
    switch (what & 31) {
      case 0:
      case 1:
      case 2:
      case 3:
        this.#heads[partition]! += 1 + some;
        return;
      case 4:
      case 5:
      case 6:
      case 7:
        return this.#send(0);
      case 8: // Overlap: the server says again what it said.
        return this.#send(some);
      case 9:
      case 10:
        this.#network.shift();
        return;
      case 11:
        if (first) this.#network.push(first);
        return;
      case 12:
        if (first && second) this.#network.splice(0, 2, second, first);
        return;
      case 13: // Two messages go as one.
        if (first && second && first.epoch === second.epoch && first.delivery === second.delivery) {
          const ranges = [...first.ranges, ...second.ranges];
          const left = [...first.left, ...second.left];
          this.#network.splice(0, 2, { ...first, ranges, left, skipped: left.length });
        }
        return;
      case 14: // A laggard gets the newest only.
        return this.#send(0, 'coalesced');
      case 15: // What was asked for with maxHz.
        return this.#send(0, 'conflated');
      case 16:
        if (some > 0) return;
        this.#epoch++;
        this.#heads = [(what >> 8) & 3, (what >> 10) & 3];
        this.#sent = [...this.#heads];
        this.#forgotten = [0, 0];
        return;
      case 18: // Retention: what is old cannot be replayed.
        this.#forgotten = this.#heads.map((head) => Math.max(0, head - some));
        return;
      case 19:
      case 20: // Reconnect: what was under way is lost, and the server goes on from now.
        this.#network = [];
        return this.#resume();
      case 21: // Another connection takes over: it is asked, and until it has answered the old one is listened to.
        if (!this.#reply) this.#move();
        return;
      case 22:
      case 23:
        return this.#moved();
      case 24:
      case 25:
        if (this.#reply) this.#receive(this.#old);
        return;
      default:
        return this.#receive(this.#network);
    }
  }

  /** Nothing goes wrong any more: has the reader everything but what it was told to be left out? */
  settle(): void {
    this.#moved();
    while (this.#network.length > 0) this.#receive(this.#network);
    const ranges = this.#heads.map((head, partition): Range => [partition, head, head + 1]);
    this.#network.push({ epoch: this.#epoch, delivery: 'whole', skipped: 0, ranges, left: [] });
    this.#heads = this.#heads.map((head) => head + 1);
    this.#receive(this.#network);
    if (this.#start.epoch !== this.#epoch) throw new Error('the reader is in an old journal');
    const all = this.#heads.flatMap((head, partition) =>
      entriesOf(this.#epoch, [partition, offsetIn(this.#start, partition), head]),
    );
    const has = new Set(this.#taken);
    if (has.size !== this.#taken.length) throw new Error('the reader has an entry twice');
    for (const entry of all)
      if (!has.has(entry) && !this.#told.has(entry)) throw new Error(`nobody told that ${entry} is missing`);
    if (this.#taken.some((entry) => !all.includes(entry))) throw new Error('the reader has what is not there');
    for (const partition of [0, 1]) {
      const offsets = this.#taken.map((entry) => entry.split('/').map(Number)).filter(([, each]) => each === partition);
      if (offsets.some(([, , offset], i) => i > 0 && offset! <= offsets[i - 1]![2]!)) throw new Error('out of order');
    }
  }

  #headPosition(): Position {
    return { epoch: this.#epoch, offsets: this.#heads.map((head, partition) => [partition, head]) };
  }

  #send(overlap: number, delivery: Message['delivery'] = 'whole'): void {
    const ranges = this.#heads.map((head, partition): Range => [
      partition,
      Math.max(0, this.#sent[partition]! - overlap),
      head,
    ]);
    // Of what is thinned every other entry is left out, never the newest.
    const all = ranges.map((range) => entriesOf(this.#epoch, range));
    const left = delivery === 'whole' ? [] : all.flatMap((each) => each.filter((_, i) => (each.length - i) % 2 === 0));
    this.#network.push({ epoch: this.#epoch, delivery, skipped: left.length, ranges, left });
    this.#sent = [...this.#heads];
  }

  #receive(network: Message[]): void {
    const message = network.shift();
    if (message && this.#take(message) === 'behind' && !this.#reply) this.#resume();
  }

  /** As the reader does it. */
  #take({ epoch, ranges, left }: Message): 'behind' | undefined {
    for (const range of ranges) {
      const step = this.#step(this.#position, epoch, range);
      if (step.is === 'gap' || step.is === 'resync') return 'behind';
      if (step.is === 'drop') continue;
      const taken = entriesOf(epoch, [range[0], Math.max(step.since, range[1]), range[2]]);
      this.#taken.push(...taken.filter((entry) => !left.includes(entry)));
      for (const entry of taken) if (this.#tells && left.includes(entry)) this.#told.add(entry);
      this.#position = step.position;
    }
    return undefined;
  }

  /** What the server answers to a position: what was missed, or that history takes its place. */
  #missed(asked: Position): Message | 'resync' {
    const ranges = this.#heads.map((head, partition): Range => [partition, offsetIn(asked, partition), head]);
    const can = ranges.every(([partition, after, last]) => after <= last && after >= this.#forgotten[partition]!);
    if (asked.epoch !== this.#epoch || !can) return 'resync';
    return { epoch: this.#epoch, delivery: 'whole', skipped: 0, ranges, left: [] };
  }

  /** Subscribes again, on a new connection. */
  #resume(): void {
    this.#network = [];
    this.#old = [];
    this.#reply = undefined;
    this.#sent = [...this.#heads];
    this.#accept(this.#missed(this.#position), this.#headPosition());
  }

  #move(): void {
    const frame = this.#missed(this.#position);
    if (frame === 'resync') return this.#resume();
    this.#reply = { frame, position: this.#headPosition() };
    this.#old = this.#network;
    // The old server goes on for a while, the new one from what it answered.
    this.#network = [];
    this.#sent = [...this.#heads];
  }

  #moved(): void {
    if (!this.#reply) return;
    const { frame, position } = this.#reply;
    this.#reply = undefined;
    this.#old = [];
    this.#accept(frame, position);
  }

  #accept(frame: Message | 'resync', position: Position): void {
    if (frame === 'resync') {
      this.#taken = [];
      this.#start = position;
      this.#position = position;
    } else if (this.#take(frame) !== 'behind') {
      this.#position = this.#merge(this.#position, position);
    }
  }
}

function offsetIn({ offsets }: Position, partition: number): number {
  return offsets.find(([each]) => each === partition)?.[1] ?? 0;
}

describe('whatever the network does', () => {
  const history = fc.array(fc.nat(8_191), { maxLength: 60 });
  const holds = (step: typeof stepFor, merge = newestOf, { tells } = { tells: true }) =>
    fc.property(history, (happenings) => {
      const world = new World(step, merge, tells);
      for (const what of happenings) world.happen(what);
      world.settle();
    });

  test('[S5] [S6] [S7] [S8] [S9] [S15] [G2] a reader gets every entry once and in order, or is told', () => {
    fc.assert(holds(stepFor), { numRuns: 100_000 });
  }, 120_000);

  // The history above is only worth something if it finds the mistakes that one can make.
  const mutants: [name: string, mutant: typeof stepFor, merge?: typeof newestOf, options?: { tells: boolean }][] = [
    [
      'takes what comes after a gap',
      (position, epoch, [partition, after, last]) =>
        stepFor(position, epoch, [partition, Math.min(after, offsetIn(position, partition)), last]),
    ],
    ['ignores the epoch', (position, _, range) => stepFor(position, position.epoch, range)],
    ['takes what it has again', (position, epoch, range) => untrimmed(stepFor(position, epoch, range), range)],
    ['drops nothing', (position, epoch, range) => undropped(stepFor(position, epoch, range), position, range)],
    ['forgets where it was', (position, epoch, range) => unmoved(stepFor(position, epoch, range), position)],
    ['goes back to what another connection answers', stepFor, (_, theirs) => theirs],
    ['tells nothing of what was left out', stepFor, newestOf, { tells: false }],
  ];

  test.each(mutants)('a reader that %s is found out', (_, mutant, merge, options) => {
    expect(fc.check(holds(mutant, merge, options), { numRuns: 100_000 }).failed).toBe(true);
  });
});

function untrimmed(step: Step, [, after]: Range): Step {
  return step.is === 'apply' ? { ...step, since: after } : step;
}

function undropped(step: Step, position: Position, [, after, last]: Range): Step {
  return step.is === 'drop' && last > after ? { is: 'apply', since: after, position } : step;
}

function unmoved(step: Step, position: Position): Step {
  return step.is === 'apply' ? { ...step, position } : step;
}
