import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stepFor, type Step } from './position.ts';
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

/**
 * A server with a journal of two partitions, a network that does what networks do, and a reader that has nothing but
 * the function under test. Every entry is told apart by epoch, partition and offset.
 */
class World {
  readonly #step: typeof stepFor;
  #epoch = 1;
  #heads = [0, 0];
  /** Up to here the server sent. */
  #sent = [0, 0];
  #network: { epoch: number; ranges: Range[] }[] = [];
  #position: Position;
  /** What the reader took since it last started from history, and where that was. */
  #taken: string[] = [];
  #start: Position;

  constructor(step: typeof stepFor) {
    this.#step = step;
    this.#position = this.#start = this.#headPosition();
  }

  /** One thing happens. `what` is any natural number. */
  happen(what: number): void {
    const partition = (what >> 4) & 1;
    const [first, second] = this.#network;
    switch (what & 15) {
      case 0:
      case 1:
      case 2:
        this.#heads[partition]! += 1 + ((what >> 5) & 3);
        return;
      case 3:
      case 4:
      case 5:
        return this.#send(0);
      case 6: // Overlap: the server says again what it said.
        return this.#send((what >> 5) & 3);
      case 7:
        this.#network.shift();
        return;
      case 8:
        if (first) this.#network.push(first);
        return;
      case 9:
        if (first && second) this.#network.splice(0, 2, second, first);
        return;
      case 10: // Coalesce: a laggard gets one message instead of two.
        if (first && second && first.epoch === second.epoch)
          this.#network.splice(0, 2, { epoch: first.epoch, ranges: [...first.ranges, ...second.ranges] });
        return;
      case 11:
        if ((what >> 5) % 4 > 0) return;
        this.#epoch++;
        this.#heads = [(what >> 7) & 3, (what >> 9) & 3];
        this.#sent = [...this.#heads];
        return;
      case 12: // Reconnect: what was under way is lost, and the server goes on from now.
        this.#network = [];
        this.#sent = [...this.#heads];
        return this.#resume();
      default:
        return this.#receive();
    }
  }

  /** Nothing goes wrong any more: does the reader have everything? */
  settle(): void {
    while (this.#network.length > 0) this.#receive();
    this.#network.push({
      epoch: this.#epoch,
      ranges: this.#heads.map((head, partition) => [partition, head, head + 1]),
    });
    this.#heads = this.#heads.map((head) => head + 1);
    this.#receive();
    const expected = this.#heads.flatMap((head, partition) =>
      this.#entries([partition, offsetIn(this.#start, partition), head]),
    );
    if (this.#start.epoch !== this.#epoch) throw new Error('the reader is in an old journal');
    if ([...this.#taken].sort().join() !== expected.sort().join())
      throw new Error('the reader has not each entry once');
    for (const partition of [0, 1]) {
      const offsets = this.#taken.map((entry) => entry.split('/').map(Number)).filter(([, each]) => each === partition);
      if (offsets.some(([, , offset], i) => i > 0 && offset! <= offsets[i - 1]![2]!)) throw new Error('out of order');
    }
  }

  #headPosition(): Position {
    return { epoch: this.#epoch, offsets: this.#heads.map((head, partition) => [partition, head]) };
  }

  #entries([partition, after, last]: Range, epoch = this.#epoch): string[] {
    return Array.from({ length: last - after }, (_, i) => `${epoch}/${partition}/${after + i + 1}`);
  }

  #send(overlap: number): void {
    const ranges = this.#heads.map((head, partition): Range => [
      partition,
      Math.max(0, this.#sent[partition]! - overlap),
      head,
    ]);
    this.#network.push({ epoch: this.#epoch, ranges });
    this.#sent = [...this.#heads];
  }

  #receive(): void {
    const message = this.#network.shift();
    for (const range of message?.ranges ?? []) {
      const step = this.#step(this.#position, message!.epoch, range);
      if (step.is === 'gap' || step.is === 'resync') return this.#resume();
      if (step.is === 'drop') continue;
      this.#taken.push(...this.#entries([range[0], Math.max(step.since, range[1]), range[2]], message!.epoch));
      this.#position = step.position;
    }
  }

  /** Subscribes again: what was missed, or history of another journal. */
  #resume(): void {
    const missed = this.#heads.map((head, partition): Range => [partition, offsetIn(this.#position, partition), head]);
    if (this.#position.epoch !== this.#epoch) {
      this.#taken = [];
      this.#start = this.#headPosition();
    } else if (missed.every(([, after, last]) => after <= last)) {
      this.#taken.push(...missed.flatMap((range) => this.#entries(range)));
    }
    this.#position = this.#headPosition();
  }
}

function offsetIn({ offsets }: Position, partition: number): number {
  return offsets.find(([each]) => each === partition)?.[1] ?? 0;
}

describe('whatever the network does', () => {
  const history = fc.array(fc.nat(4_095), { maxLength: 60 });
  const holds = (step: typeof stepFor) =>
    fc.property(history, (happenings) => {
      const world = new World(step);
      for (const what of happenings) world.happen(what);
      world.settle();
    });

  test('[S5] [S6] [S7] [S8] a reader gets every entry once and in order', () => {
    fc.assert(holds(stepFor), { numRuns: 100_000 });
  }, 120_000);

  // The history above is only worth something if it finds the mistakes that one can make.
  const mutants: [name: string, mutant: typeof stepFor][] = [
    [
      'takes what comes after a gap',
      (position, epoch, [partition, after, last]) =>
        stepFor(position, epoch, [partition, Math.min(after, offsetIn(position, partition)), last]),
    ],
    ['ignores the epoch', (position, _, range) => stepFor(position, position.epoch, range)],
    ['takes what it has again', (position, epoch, range) => untrimmed(stepFor(position, epoch, range), range)],
    ['drops nothing', (position, epoch, range) => undropped(stepFor(position, epoch, range), position, range)],
    ['forgets where it was', (position, epoch, range) => unmoved(stepFor(position, epoch, range), position)],
  ];

  test.each(mutants)('a reader that %s is found out', (_, mutant) => {
    expect(fc.check(holds(mutant), { numRuns: 100_000 }).failed).toBe(true);
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
