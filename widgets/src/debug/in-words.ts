import type { Diagnostics, StreamDiagnostics } from '@quantumflux/sdk';
import { formatValue } from '../plot/unit.ts';
import { agoInWords } from '../base/words.ts';

type State = Diagnostics['connection'];

/** What the connection does, why, and since when: `waiting (unreachable), next attempt in 3 s`. `now` is local, in ms. */
export function stateInWords(state: State, now: number): string {
  const since = (ms: number) => agoInWords(now - ms);
  switch (state.is) {
    case 'idle':
    case 'error':
      return `${state.is} (${state.reason})`;
    case 'connecting':
      return `connecting (${state.reason}), attempt ${state.attempt + 1}`;
    case 'connected':
      return `connected (${state.reason}) ${since(state.since)}`;
    case 'waiting': {
      const next = state.retryAt === null ? 'until it is online' : `next attempt in ${seconds(state.retryAt - now)}`;
      return `waiting (${state.reason}), ${next}`;
    }
    case 'closed':
      return 'closed';
  }
}

/** What a state says for itself, if anything. */
export function complaintOf(state: State): string | undefined {
  return 'error' in state ? state.error.message : undefined;
}

/** Name and value of each measure of a connection. */
export function measuresOf(d: Diagnostics): [name: string, value: string][] {
  return [
    ['Transport', d.transport ?? '–'],
    ['Protocol', d.protocol === null ? '–' : String(d.protocol)],
    ['Round trip', milliseconds(d.roundTripMs)],
    ['Reconnects', String(d.reconnects)],
    ['Moves', String(d.moves)],
    ['Frames', `${d.frames} (${perSecond(d.framesPerSecond)})`],
    ['Bytes', `${formatValue(d.bytes, 'bytes')} (${formatValue(d.bytesPerSecond, 'bytes/s')})`],
  ];
}

export const columns = ['State', 'Series', 'Points', 'Late p50', 'p99', 'Skipped', 'Gaps', 'Resyncs', 'Heads'] as const;

/** A value for each of the columns. */
export function cellsOf(stream: StreamDiagnostics): string[] {
  const { state, series, pointsPerSecond, points, ageMs, skipped, gaps, resyncs, positionAgeMs } = stream;
  const told = Object.entries(resyncs).map(([reason, count]) => `${count} ${reason}`);
  return [
    state,
    String(series),
    `${points} (${perSecond(pointsPerSecond)})`,
    milliseconds(ageMs?.p50 ?? null),
    milliseconds(ageMs?.p99 ?? null),
    String(skipped),
    String(gaps),
    told.join(', ') || '0',
    positionAgeMs === null ? '–' : agoInWords(positionAgeMs),
  ];
}

function perSecond(rate: number): string {
  return `${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/s`;
}

function milliseconds(ms: number | null): string {
  return ms === null ? '–' : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

function seconds(ms: number): string {
  return `${Math.max(0, Math.ceil(ms / 1_000))} s`;
}
