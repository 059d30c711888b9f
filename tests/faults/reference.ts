import { parseDuration, type QuerySeries } from '@quantumflux/sdk/protocol';

/** Points of one write, in the order in which they stand there. Values are integers, so that sums are exact. */
export type Batch = [time: number, value: number][];

/**
 * What one stream must say, from a plain list of its writes: of each time the newest value. Its writes are sent one after
 * the other, so at any moment an answer holds the first so many of them, as a whole.
 */
export function createReference() {
  const batches: Batch[] = [];
  let acknowledged = 0;

  /** The points after so many writes, oldest first. */
  function pointsAfter(writes: number): Batch {
    return [...new Map(batches.slice(0, writes).flat())].sort(([a], [b]) => a - b);
  }

  return {
    /** A write that is on its way from now on. */
    send: (batch: Batch): void => void batches.push(batch),

    /** Everything that was sent is stored. */
    acknowledge: (): void => void (acknowledged = batches.length),

    /** How many writes an answer must hold that is asked for now. */
    get acknowledged(): number {
      return acknowledged;
    },

    /** How many points there are. */
    get points(): number {
      return pointsAfter(batches.length).length;
    },

    /** Whether this is what the stream said at some moment since so many writes were acknowledged. */
    allows(answer: QuerySeries, since: number): boolean {
      const text = JSON.stringify(numbersOf(answer));
      for (let writes = since; writes <= batches.length; writes++) {
        if (text === JSON.stringify(expected(pointsAfter(writes), answer.resolution))) return true;
      }
      return false;
    },
  };
}

export type Reference = ReturnType<typeof createReference>;

function numbersOf(answer: QuerySeries): number[][] {
  if ('v' in answer) return answer.t.map((time, i) => [time, answer.v[i]!]);
  const { t, count, min, max, first, last, avg } = answer;
  return t.map((time, i) => [time, ...[count, min, max, first, last, avg].map((column) => column[i]!)]);
}

function expected(points: Batch, resolution: string): number[][] {
  if (resolution === 'raw') return points;
  const intervalMs = parseDuration(resolution);
  const intervals = new Map<number, number[]>();
  for (const [time, value] of points) {
    const start = Math.floor(time / intervalMs) * intervalMs;
    const values = intervals.get(start);
    if (values) values.push(value);
    else intervals.set(start, [value]);
  }
  return [...intervals].map(([start, values]) => {
    const average = values.reduce((sum, value) => sum + value, 0) / values.length;
    return [start, values.length, Math.min(...values), Math.max(...values), values[0]!, values.at(-1)!, average];
  });
}
