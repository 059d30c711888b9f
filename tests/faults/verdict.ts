import { blocksOf, decodeBlock } from '@quantumflux/sdk/protocol';
import type { Embedded } from './embedded.ts';
import type { Sent } from './ledger.ts';

/** What is wrong between a ledger and the journal. */
export type Verdict = {
  /** Acknowledged, and not there. */
  lost: string[];
  /** There more than once. */
  twice: string[];
  /** There, and never sent. */
  unasked: string[];
  /** Partitions whose offsets do not count 1, 2, 3 … up to their head. */
  holes: number[];
};

export const allIsWell: Verdict = { lost: [], twice: [], unasked: [], holes: [] };

/** Compares what was acknowledged with what is stored, point by point, in the tables themselves. */
export async function judge(sent: Sent[], database: Embedded): Promise<Verdict> {
  const stored = await countPoints(database);
  const asked = new Set(sent.map(nameOf));
  const ours = new Set(sent.map(({ stream }) => stream));
  return {
    lost: sent.filter((write) => write.isAcknowledged && !stored.has(nameOf(write))).map(nameOf),
    twice: [...stored].filter(([name, count]) => count > 1 && asked.has(name)).map(([name]) => name),
    unasked: [...stored.keys()].filter((name) => ours.has(name.split(' ', 1)[0]!) && !asked.has(name)),
    holes: await holesIn(database),
  };
}

/** How often each point is in the journal. */
async function countPoints({ query }: Embedded): Promise<Map<string, number>> {
  const streams = await query<{ id: number; key: string }>('SELECT id, key FROM stream');
  const keys = new Map(streams.map(({ id, key }) => [id, key]));
  const counts = new Map<string, number>();
  for (const { payload } of await query<{ payload: Buffer }>('SELECT payload FROM journal')) {
    for (const block of blocksOf(payload)) {
      for (const time of decodeBlock(block).times) {
        const name = nameOf({ stream: keys.get(block.stream) ?? '?', time });
        counts.set(name, (counts.get(name) ?? 0) + 1);
      }
    }
  }
  return counts;
}

async function holesIn({ query }: Embedded): Promise<number[]> {
  const rows = await query<{ partition: number }>(`
    SELECT head.partition FROM partition_head AS head LEFT JOIN (
      SELECT partition, count(*) AS entries, max("offset") AS newest, min("offset") AS oldest FROM journal GROUP BY partition
    ) AS kept USING (partition)
    WHERE head."offset" <> coalesce(newest, 0) OR coalesce(entries, 0) <> coalesce(newest - oldest + 1, 0)
    ORDER BY partition`);
  return rows.map(({ partition }) => partition);
}

function nameOf({ stream, time }: { stream: string; time: number }): string {
  return `${stream} ${time}`;
}
