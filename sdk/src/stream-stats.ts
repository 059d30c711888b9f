import type { ResyncReason } from './protocol/index.ts';
import { Meter, Samples } from './traffic.ts';

/** What happened to one live stream since it was first watched. */
export class StreamStats {
  readonly points = new Meter();
  /** How old the newest point of each frame was when it came, in ms. */
  readonly ages = new Samples();
  readonly resyncs: Partial<Record<ResyncReason, number>> = {};
  skipped = 0;
  /** Gaps that were found and filled. */
  gaps = 0;
  /** When the server last said how far the journal is, local, in ms; null: not yet. */
  heardAt: number | null = null;

  resynced(reason: ResyncReason): void {
    this.resyncs[reason] = (this.resyncs[reason] ?? 0) + 1;
  }

  came(points: number, ageMs: number): void {
    this.points.add(points);
    this.ages.add(ageMs);
  }
}
