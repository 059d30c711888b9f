import type { Position } from '@quantumflux/sdk/protocol';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Bus } from '../../bus/bus.ts';
import type { Cache } from '../../cache/cache.ts';
import type { Viewer } from '../catalog.ts';
import type { ReadHistory } from '../history.ts';
import { createPacer } from '../pacer.ts';
import type { Stream } from '../stream.ts';
import { write, type Format } from './answer.ts';
import { createFlights } from './flights.ts';
import type { Question } from './question.ts';
import { rangeOf, read } from './read.ts';
import { followTouches } from './touches.ts';

const defaults = {
  /** An answer that took at least so long, in ms, is kept: to look one up costs about a millisecond. */
  worthMs: 5,
  /** How long it is kept, in ms. Also how late it may be seen that old points were dropped. */
  ttlMs: 60_000,
  /** Longest answer that is kept, in characters. */
  maxLength: 1_024 * 1_024,
  /** How long questions may go on when the server stops, in ms. */
  graceMs: 2_000,
};

/** What a caller wants to know. */
export type Query = { viewer: Viewer; streams: Stream[]; question: Question; format: Format };

type Ports = {
  history: ReadHistory;
  /** How far the journal is, never behind what a caller was told. */
  heads: () => Promise<Position>;
  cache: Cache;
  bus: Bus;
  /** Told of every answer: from where it came. */
  onAnswer?: (source: AnswerSource) => void;
};

/** `cache`: kept from before; `shared`: read for somebody else at the same time; `read`: read for this one. */
export type AnswerSource = 'cache' | 'shared' | 'read';

type Answer = { position: Position; bytes: Uint8Array };

const kept = z.object({
  position: z.object({ epoch: z.int(), offsets: z.array(z.tuple([z.int(), z.int()])) }),
  body: z.string(),
});

/**
 * Answers questions, each of them once: those who ask the same at the same time share the work, and an answer is kept as
 * long as nothing was written that would change it.
 */
export function createQueries({ history, heads, cache, bus, onAnswer }: Ports, options: Partial<typeof defaults> = {}) {
  const { worthMs, ttlMs, maxLength, graceMs } = { ...defaults, ...options };
  const touches = followTouches(bus);
  const flights = createFlights<Answer>();

  function isCurrent({ position }: Answer, { streams, question }: Query, until: Position | undefined) {
    const ids = streams.map(({ id }) => id);
    return until && touches.isUntouched({ ids, range: rangeOf(question), since: position, until });
  }

  /** Undefined when nobody can tell: then an answer from before counts for nothing. */
  const headsNow = () => heads().catch(() => undefined);

  async function find(key: string, { format }: Query): Promise<Answer | undefined> {
    const found = await cache.get(key, kept);
    return found && { position: found.position, bytes: Buffer.from(found.body, encodings[format]) };
  }

  async function make(key: string, { streams, question, format }: Query, signal: AbortSignal): Promise<Answer> {
    const start = performance.now();
    const { position, series } = await read(history, streams, question, signal);
    const turn = createPacer();
    const pace = async () => {
      await turn();
      signal.throwIfAborted();
    };
    const bytes = await write(format, series, pace);
    if (performance.now() - start >= worthMs && bytes.length <= maxLength) {
      void cache.set(key, { position, body: Buffer.from(bytes).toString(encodings[format]) }, { ttlMs });
    }
    return { position, bytes };
  }

  return {
    /** The bytes of the answer. Everything that was confirmed before it was asked for is in it. */
    async answer(query: Query, signal: AbortSignal): Promise<Uint8Array> {
      const key = keyOf(query);
      const from = (source: AnswerSource, { bytes }: Answer) => {
        onAnswer?.(source);
        return bytes;
      };
      // Before anything is read: from then on it is known what becomes of them.
      touches.watch(query.streams.map(({ id }) => id));
      const work = (leaving: AbortSignal) => make(key, query, leaving);
      let heads: Promise<Position | undefined> | undefined;
      const until = () => (heads ??= headsNow());
      for (let round = 1; ; round++) {
        const found = await find(key, query);
        if (found && (await isCurrent(found, query, await until()))) return from('cache', found);
        // What is written while this one waits is not asked for.
        if (flights.isUnderWay(key)) void until();
        const { value, isJoined } = await flights.join(key, work, signal);
        if (!isJoined) return from('read', value);
        // It may have begun before something that this caller knows of; a second one has begun after they came.
        if (round > 1 || (await isCurrent(value, query, await until()))) return from('shared', value);
      }
    },

    /** Takes no more questions and ends those that take too long. */
    async stop(): Promise<void> {
      await flights.stop(graceMs);
      await touches.stop();
    },
  };
}

export type Queries = ReturnType<typeof createQueries>;

const encodings = { json: 'utf8', csv: 'utf8', columns: 'base64' } as const;

/** All that an answer depends on, besides the points. */
function keyOf({ viewer, streams, question, format }: Query): string {
  const { organization, publicOnly } = viewer;
  const seen = streams.map(({ id, key, unit, kind, retentionMs }) => [id, key, unit, kind, retentionMs]);
  const parts = JSON.stringify([organization, publicOnly, seen, question, format]);
  return `query:${createHash('sha256').update(parts).digest('base64url')}`;
}
