import type { ErrorCode, QuantumFluxError } from '@quantumflux/sdk/protocol';
import type { IncomingHttpHeaders } from 'node:http';
import type { PointBatch } from './point-batch.ts';

/** What a request says about its body. */
export type Ask = { headers: IncomingHttpHeaders; query: URLSearchParams };

/** What was not in order while the rest was. */
export type Refused = {
  /** How many points, or lines where nobody knows how many points they were meant to be. */
  points: number;
  /** Why the first of them was refused. */
  message: string;
  /** The line of it, where the format has lines; the first one is 1. */
  line?: number;
};

/** What a body held. */
export type Reading = {
  batch: PointBatch;
  refused?: Refused | undefined;
  /** Whether the request only wants to know what would be stored. */
  isPreview?: boolean;
};

/** What became of it. */
export type Outcome = Reading & {
  /** How many points are on disk. */
  stored: number;
};

/** The words of an answer, in the language of the agent that asked. */
export type Words = { type: string; body: string | Uint8Array };

/** One way to write points: where it is, how its body is read and how it is answered. */
export type WriteRoute = {
  method: 'POST';
  path: string;
  /** Reads the body, plain by now. When it throws, a QuantumFluxError, nothing is stored. */
  read: (body: Buffer, ask: Ask) => Reading;
  /** Whether streams that are stored with another unit or kind are left out. Left out: they refuse the whole write. */
  isPartial?: boolean;
  /** The body of the 200 when it is done. Left out: 204, and what was refused makes it a 400. */
  answer?: (reading: Reading, ask: Ask) => Words;
  /** Says what went wrong. Left out: `{"error": …}`. */
  refuse?: (error: QuantumFluxError, ask: Ask, refused?: Refused) => Words;
  /** Where its agents would misread our status. */
  statuses?: Partial<Record<ErrorCode, number>>;
};

/** The media type of a body, without its parameters. */
export function mediaType({ headers }: Pick<Ask, 'headers'>): string {
  const [type = ''] = (headers['content-type'] ?? '').split(';', 1);
  return type.trim().toLowerCase();
}
