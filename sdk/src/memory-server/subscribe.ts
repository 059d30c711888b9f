import {
  encodeFrame,
  QuantumFluxError,
  resolveTime,
  type SubscribeReply,
  type SubscribeRequest,
} from '../protocol/index.ts';
import type { Audiences } from './audiences.ts';
import type { Journal } from './journal.ts';
import type { Session } from './session.ts';
import { intervalFor } from './thin.ts';

type Ports = { journal: Journal; audiences: Audiences; now: number };

/** Makes a subscription, and answers it with history or with what was missed (S1, S7, S9). */
export function subscribe(
  session: Session,
  { selector, from = '-15m', width = 1_000, wait = false, resume, maxHz }: SubscribeRequest,
  { journal, audiences, now }: Ports,
): SubscribeReply {
  const start = resolveTime(from, now);
  const intervalMs = intervalFor(Math.max(1, now - start), width);
  const { position, epoch } = journal;
  const conflation = maxHz === undefined ? undefined : { intervalMs, maxHz };
  const channel = audiences.channelOf(selector, { position, conflation });
  const streams = journal.streams.filter(channel.matches);
  if (streams.length === 0 && !wait) throw new QuantumFluxError('not_found', `No stream matches ${selector}.`);
  audiences.join(session, channel);

  const head = { channel: channel.number, now, streams, position, ...(conflation && { conflation }) };
  const missed =
    resume &&
    journal.since(
      resume,
      streams.map(({ id }) => id),
    );
  if (typeof missed === 'object') {
    const whole = { channel: channel.number, delivery: 'whole' as const, skipped: 0, ranges: missed };
    return { is: 'resumed', ...head, frame: encodeFrame({ epoch, sections: [whole] }) };
  }
  const isMuch = streams.some((each) => journal.points(each, { from: start, to: now }).length > 4 * width);
  const thinned = isMuch ? intervalMs : null;
  const blocks = journal.history(streams, { from: start, intervalMs: thinned });
  return { is: 'history', ...head, ...(missed && { resync: missed }), intervalMs: thinned, blocks };
}
