import type { QueryResult } from '@quantumflux/sdk/protocol';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { get, SECRET_KEY } from '../server.ts';
import type { Embedded } from './embedded.ts';
import { createReference, type Batch, type Reference } from './reference.ts';

const MINUTE = 60_000;
const STREAMS = 4;

/** The days that are written to, in minutes. */
const SPAN = 3 * 24 * 60;

/** How long a write is tried, and how long compaction may take at the end, in ms. */
const PATIENCE_MS = 40_000;

export type Observed = {
  /** How many answers were compared, while it was written and compacted. */
  readonly answers: number;
  /** What was answered and cannot be right, or stands in the tables and must not; a sentence each. */
  wrong: string[];
  /** Ends the writing, waits until everything is compacted, and compares once more. */
  settle(database: () => Promise<Embedded>): Promise<void>;
};

/** Streams that are written to and asked for all the time, with points that are late and times that come again. */
export function observe({ url, name, random }: { url: string; name: string; random: () => number }): Observed {
  const from = (Math.floor(Date.now() / MINUTE) - SPAN) * MINUTE;
  const streams = Array.from({ length: STREAMS }, (_, i) => ({
    stream: `${name}.s${i}`,
    reference: createReference(),
  }));
  const wrong: string[] = [];
  let answers = 0;
  let isWriting = true;
  let isReading = true;

  async function post(stream: string, points: Batch, key: string): Promise<boolean> {
    const response = await fetch(`${url}/api/v1/points`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${SECRET_KEY}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify({ stream, points }),
    }).catch(() => undefined);
    await response?.arrayBuffer().catch(() => {});
    if (response && response.status !== 204 && response.status !== 503 && response.status !== 409) {
      throw new Error(`${stream} was answered ${response.status}`);
    }
    return response?.status === 204;
  }

  /** Moves on through the days; a third of the points goes back to any time that was. */
  async function write(stream: string, reference: Reference): Promise<void> {
    for (let reached = 0; isWriting;) {
      const batch = Array.from({ length: 1 + Math.floor(random() * 40) }, (): [number, number] => {
        const minute = random() < 0.3 ? Math.floor(random() * reached) : (reached += random() < 0.9 ? 1 : 60);
        return [from + (minute % SPAN) * MINUTE, Math.floor(random() * 1_000)];
      });
      const key = randomUUID();
      reference.send(batch);
      for (const begin = performance.now(); !(await post(stream, batch, key)); await sleep(20)) {
        if (performance.now() - begin > PATIENCE_MS) throw new Error(`${stream} was not stored in 40 s`);
      }
      reference.acknowledge();
      await sleep(random() * 10);
    }
  }

  /** Compares one answer; 10,000 pixels are points, 24 are statistics of hours. */
  async function compare(stream: string, reference: Reference, width: number): Promise<void> {
    const since = reference.acknowledged;
    const question = `select=${stream}&from=${from}&to=${from + SPAN * MINUTE}&width=${width}`;
    const response = await get(url, `/api/v1/query?${question}`).catch(() => undefined);
    const text = await response?.text().catch(() => undefined);
    // It is down, or the database is. Before the first point there is no stream.
    if (!response || text === undefined || response.status === 503) return;
    if (response.status === 404 && since === 0) return;
    if (response.status !== 200) return void wrong.push(`${stream} was answered ${response.status}`);
    answers += 1;
    const [answer] = (JSON.parse(text) as QueryResult).streams;
    if (!reference.allows(answer!, since)) wrong.push(`${stream} (${answer!.resolution}) after ${since} writes`);
  }

  async function compareAll(): Promise<void> {
    for (const { stream, reference } of streams) {
      for (const width of [10_000, 24]) await compare(stream, reference, width);
    }
  }

  async function read(): Promise<void> {
    for (; isReading; await sleep(5)) await compareAll();
  }

  const writing = Promise.all(streams.map(({ stream, reference }) => write(stream, reference)));
  const reading = read();
  // Both are heard in `settle`.
  writing.catch(() => {});
  reading.catch(() => {});

  return {
    get answers() {
      return answers;
    },
    wrong,
    async settle(database) {
      isWriting = false;
      await writing;
      const tables = await database();
      await compacted(tables);
      isReading = false;
      await reading;
      await compareAll();
      wrong.push(...(await faultsOfChunks(tables, streams)));
    },
  };
}

async function compacted({ query }: Embedded): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const waiting = await query(`SELECT partition FROM partition_head JOIN compaction USING (partition)
      WHERE "offset" > compacted_offset`);
    if (waiting.length === 0) return;
    if (performance.now() > until) throw new Error('the journal was not compacted in 40 s');
    await sleep(50);
  }
}

/** Chunks of a stream hold each of its points once, and do not overlap. */
async function faultsOfChunks(
  { query }: Embedded,
  streams: { stream: string; reference: Reference }[],
): Promise<string[]> {
  const rows = await query<{ name: string; points: number; overlaps: number }>(`
    SELECT name, sum(count)::int AS points, count(*) FILTER (WHERE t_min <= before)::int AS overlaps
    FROM (SELECT *, max(t_max) OVER (PARTITION BY stream_id ORDER BY t_min, id
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM chunk) AS chunks
    JOIN stream ON stream.id = stream_id GROUP BY name`);
  return streams.flatMap(({ stream, reference }) => {
    const { points = 0, overlaps = 0 } = rows.find(({ name }) => name === stream) ?? {};
    return [
      ...(points === reference.points ? [] : [`${stream} has ${points} points in chunks, not ${reference.points}`]),
      ...(overlaps === 0 ? [] : [`${stream} has ${overlaps} chunks that overlap`]),
    ];
  });
}
