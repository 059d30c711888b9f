import {
  encodeFrame,
  encodeFrameV1,
  MAX_WAITING_BYTES,
  type FrameRange,
  type Position,
  type ResyncReason,
} from '@quantumflux/sdk/protocol';
import { createShared } from '../cache/shared.ts';
import { covers, furthest, textOf } from './position.ts';
import type { Newcomer } from './replay.ts';

type ResumePorts = {
  heads: () => Promise<Position>;
  between: (ids: ReadonlySet<number>, from: Position, to: Position) => Promise<FrameRange[] | undefined>;
};

/** What a reader missed, as one frame, and where it is after that. */
export type Resumed = { position: Position; frame: Uint8Array };

/** What was missed up to a position. */
type Replayed = { at: Position; ranges: FrameRange[] };

/** How long an answer is given again, in ms, and how many bytes of answers are kept. */
const KEEP = { keepMs: 1_000, maxBytes: 32 * 1_024 * 1_024 };

/**
 * Answers those who come back with a position. Those of a dashboard were all at the same place: what they missed is put
 * together once, and only its newest end is each one's own.
 */
export function createResumes({ heads, between }: ResumePorts) {
  const missed = createShared<Replayed | 'too_far'>({ ...KEEP, weigh: weightOf });
  const answers = createShared<Resumed | 'too_far'>({
    ...KEEP,
    weigh: (answer) => (answer === 'too_far' ? 1 : answer.frame.length),
  });
  let asking: Promise<Position> | undefined;

  /** Whether a reader is ahead of the journal; of ours it may be, when another server told it more. */
  async function isAhead(at: Position, resume: Position): Promise<boolean> {
    if (covers(at, resume)) return false;
    // An answer that was under way when we asked may be older than what the reader has seen.
    for (let i = 0; i < 2; i++) {
      asking ??= heads().finally(() => (asking = undefined));
      if (covers(await asking, resume)) return false;
    }
    return true;
  }

  async function gather({ ids, at }: Newcomer, resume: Position): Promise<Replayed | 'too_far'> {
    const ranges = await between(new Set(ids), resume, at);
    return ranges ? { at, ranges } : 'too_far';
  }

  async function answerFor(newcomer: Newcomer, resume: Position): Promise<Resumed | 'too_far'> {
    const { channel, protocol, ids, at } = newcomer;
    const older = await missed.get(placeOf(newcomer, resume), () => gather(newcomer, resume));
    const newer = older === 'too_far' ? undefined : await between(new Set(ids), older.at, at);
    if (older === 'too_far' || !newer) return 'too_far';
    const { epoch } = at;
    const ranges = [...older.ranges, ...newer];
    const section = { channel: channel.id, delivery: 'whole' as const, skipped: 0, ranges };
    const frame = protocol === 1 ? encodeFrameV1(epoch, section) : encodeFrame({ epoch, sections: [section] });
    if (frame.length > MAX_WAITING_BYTES) return 'too_far';
    // Whoever gathered the older part may have joined later than this one.
    return { frame, position: furthest(furthest(resume, at), older.at) };
  }

  return {
    async since(newcomer: Newcomer, resume: Position): Promise<Resumed | { resync: ResyncReason }> {
      const { at, protocol } = newcomer;
      if (resume.epoch !== at.epoch) return { resync: 'epoch' };
      if (await isAhead(at, resume)) return { resync: 'rewound' };
      const place = `${placeOf(newcomer, resume)} ${textOf(at)} ${protocol}`;
      const answer = await answers.get(place, () => answerFor(newcomer, resume));
      return answer === 'too_far' ? { resync: 'too_far' } : answer;
    },

    clear(): void {
      missed.clear();
      answers.clear();
    },
  };
}

/** The same only for those who may see the same: a channel is one viewer's selection, and its streams are listed too. */
function placeOf({ channel, ids }: Newcomer, resume: Position): string {
  const { organization, publicOnly } = channel.viewer;
  return `${organization} ${publicOnly} ${channel.id} ${ids.join()} ${textOf(resume)}`;
}

function weightOf(replayed: Replayed | 'too_far'): number {
  if (replayed === 'too_far') return 1;
  const entries = replayed.ranges.flatMap((range) => range.entries);
  return entries.reduce((sum, { blocks }) => sum + 64 + blocks.length, 64 * replayed.ranges.length);
}
