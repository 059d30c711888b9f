import {
  blocksOf,
  ByteWriter,
  MAX_SELECTED_STREAMS,
  QuantumFluxError,
  resolveTime,
  writeBlock,
  type FrameRange,
  type Position,
  type TimeInput,
} from '@quantumflux/sdk/protocol';
import { createShared } from '../cache/shared.ts';
import type { LiveStream } from './channel.ts';
import type { Backfill } from './backfill.ts';
import { joined, throughAll } from './picked.ts';
import { covers, furthest, stretchesBetween, textOf } from './position.ts';
import type { Newcomer, ReplayPorts } from './replay.ts';

type HistoryPorts = Pick<ReplayPorts, 'history' | 'intervalFor' | 'thin' | 'catalog'> & {
  read: Backfill['read'];
  between: (ids: ReadonlySet<number>, from: Position, to: Position) => Promise<FrameRange[] | undefined>;
};

/** Where history starts, for how many pixels, and the server's clock, in ms. */
export type HistoryQuestion = { from: TimeInput; width: number; now: number };

export type HistoryAnswer = {
  position: Position;
  blocks: Uint8Array;
  /** Null when nothing was left out. */
  intervalMs: number | null;
  /** Streams that began meanwhile, and are in it too. */
  begun: readonly LiveStream[];
};

/** Most bytes of entries that are looked through for streams that began meanwhile. */
const MAX_BYTES = 64 * 1_024 * 1_024;

/** How long an answer is given again, in ms, and how many bytes of answers are kept. */
const KEEP = {
  keepMs: 1_000,
  maxBytes: 32 * 1_024 * 1_024,
  weigh: ({ blocks }: HistoryAnswer) => 64 + blocks.length,
};

/** Answers first subscriptions. History is read once for all who ask for the same, and brought up to where each joined. */
export function createHistories({ history, intervalFor, thin, catalog, read, between }: HistoryPorts) {
  const known = createShared<HistoryAnswer>(KEEP);
  const renewed = createShared<HistoryAnswer>(KEEP);

  /** Streams that somebody sees, that have their first entry between where it joined and a position. */
  async function begunUntil(position: Position, { channel, at }: Newcomer, ids: number[]): Promise<LiveStream[]> {
    // Another journal: soon everybody begins again.
    if (position.epoch !== at.epoch) return [];
    const seen = new Set(ids);
    const others: number[] = [];
    for (const stretch of stretchesBetween(at, position)) {
      const entries = await read(stretch, MAX_BYTES);
      if (!entries) throw new QuantumFluxError('unavailable', 'This server is behind. Subscribe again in a second.');
      await throughAll(entries, ({ payload }) => {
        for (const { stream } of blocksOf(payload)) {
          if (seen.has(stream)) continue;
          seen.add(stream);
          others.push(stream);
        }
      });
    }
    const strangers = others.filter((id) => !catalog.get(id));
    if (strangers.length > 0) await catalog.meet(strangers);
    return others.flatMap((id) => catalog.get(id) ?? []).filter((stream) => channel.sees(stream));
  }

  async function readFor(newcomer: Newcomer, { from, width, now }: HistoryQuestion): Promise<HistoryAnswer> {
    const start = resolveTime(from, now);
    const intervalMs = intervalFor(Math.max(1, now - start), width);
    const begun: LiveStream[] = [];
    for (;;) {
      const ids = [...newcomer.ids, ...begun.map(({ id }) => id)];
      // Points may be ahead of our clock; live ones come anyway.
      const { position, columns } = await history(ids, start, Number.MAX_SAFE_INTEGER);
      const more = await begunUntil(position, newcomer, ids);
      // Beyond what a selector may pick, the next subscription is refused.
      if (more.length > 0 && ids.length < MAX_SELECTED_STREAMS) {
        begun.push(...more);
        continue;
      }
      const out = new ByteWriter();
      let isThinned = false;
      for (const [id, all] of columns) {
        const isDense = all.times.length > 4 * width;
        isThinned ||= isDense;
        const drawn = isDense ? thin(all, intervalMs) : all;
        if (drawn.times.length > 0) writeBlock(out, id, drawn);
      }
      return { position, blocks: out.toBytes(), intervalMs: isThinned ? intervalMs : null, begun };
    }
  }

  /** What was read for somebody else, up to where the newcomer joined; undefined when that is too far. */
  async function renew(answer: HistoryAnswer, { at, ids }: Newcomer): Promise<HistoryAnswer | undefined> {
    if (answer.position.epoch !== at.epoch || covers(answer.position, at)) return answer;
    const newer = await between(new Set([...ids, ...answer.begun.map(({ id }) => id)]), answer.position, at);
    if (!newer) return undefined;
    const blocks = [answer.blocks, ...newer.flatMap(({ entries }) => entries.map((entry) => entry.blocks))];
    return { ...answer, position: furthest(answer.position, at), blocks: joined(blocks) };
  }

  return {
    async history(newcomer: Newcomer, question: HistoryQuestion): Promise<HistoryAnswer> {
      const place = placeOf(newcomer, question);
      const answer = await known.get(place, () => readFor(newcomer, question));
      const own = await renewed.get(`${place} ${textOf(newcomer.at)}`, async () => {
        return (await renew(answer, newcomer)) ?? readFor(newcomer, question);
      });
      return own;
    },

    clear(): void {
      known.clear();
      renewed.clear();
    },
  };
}

/** The same only for those who may see the same: a channel is one viewer's selection, and its streams are listed too. */
function placeOf({ channel, ids }: Newcomer, { from, width }: HistoryQuestion): string {
  const { organization, publicOnly } = channel.viewer;
  return `${organization} ${publicOnly} ${channel.id} ${ids.join()} ${width} ${JSON.stringify(from)}`;
}
