import { clip } from './columns.ts';
import type { ReadHistory, Summary } from './history.ts';

/** How long the points of a stream are kept, in ms after their time; null for ever. */
type RetentionOf = (stream: number) => number | null;

/**
 * The same answers without points that are older than their stream is kept, whether they are deleted yet or not: what is
 * answered must not depend on when somebody cleaned up.
 */
export function keepTo({ history, summary }: ReadHistory, retentionOf: RetentionOf): ReadHistory {
  /** The streams that are kept since the same moment, in ms since the epoch. Those that are kept for ever: -Infinity. */
  function bySince(ids: number[]): Map<number, number[]> {
    const now = Date.now();
    const groups = new Map<number, number[]>();
    for (const id of ids) {
      const since = now - (retentionOf(id) ?? Infinity);
      const group = groups.get(since);
      if (group) group.push(id);
      else groups.set(since, [id]);
    }
    return groups;
  }

  return {
    async history(ids, from, to, signal) {
      const groups = bySince(ids);
      const earliest = Math.min(...groups.keys());
      const answer = await history(ids, ids.length === 0 ? from : Math.max(from, earliest), to, signal);
      const columns = new Map(answer.columns);
      for (const [since, group] of groups) for (const id of group) columns.set(id, clip(columns.get(id)!, since, to));
      return { ...answer, columns };
    },

    async summary(ids, { from, ...range }, signal) {
      // A question for each moment, because their first intervals differ. Mostly there is one.
      const answers: Summary[] = [];
      for (const [since, group] of bySince(ids)) {
        answers.push(await summary(group, { ...range, from: Math.max(from, since) }, signal));
      }
      const [first] = answers;
      if (!first) return summary(ids, { ...range, from }, signal);
      // What there was at the first position is in all of them.
      return { position: first.position, rollups: new Map(answers.flatMap(({ rollups }) => [...rollups])) };
    },
  };
}
