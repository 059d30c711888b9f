import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import { toQuantumFluxError } from '../http/errors.ts';
import type { Log } from '../log.ts';
import { createComplaints } from './complaints.ts';
import type { Reading } from './format.ts';
import type { Idempotency } from './idempotency.ts';
import type { IngestService } from './ingest.service.ts';
import { keepTrying, mayPass } from './keep-trying.ts';
import type { CountMessage } from './sources.metrics.ts';
import { createWriteQueue } from './write-queue.ts';

/** What a source of messages stands on. */
export type SourcePorts = {
  ingest: Pick<IngestService, 'appendAll'>;
  /** Whose streams the points are; from the configuration, never from a message. */
  organization: string;
  log: Log;
  count: CountMessage;
};

export type Message = {
  /** Where it came from, for the log. */
  at: string;
  /** Its points. Throws a QuantumFluxError when there are none to be had. */
  read(): Reading;
  /** By which it is known again. */
  idempotency?: Idempotency;
};

/** What became of a message. `pending`: nobody knows, because the server stops; it has to come again. */
export type Verdict = { is: 'stored' } | { is: 'refused'; reason: string } | { is: 'pending' };

export type Intake = {
  /** Resolves once it is clear what becomes of a message; while nothing can be stored, that takes as long as it takes. */
  take(message: Message): Promise<Verdict>;
  /** For a message that nobody has room for. */
  drop(at: string): void;
  /** Gives up on what cannot be stored now. Resolves once nothing is under way any more. */
  stop(): Promise<void>;
};

/** Takes the messages of a source in, in their order: stores what is in order, counts and tells of what is not. */
export function createIntake(source: string, { ingest, organization, log, count }: SourcePorts): Intake {
  const giveUp = new AbortController();
  const complain = createComplaints(source, log);
  const queue = createWriteQueue(
    keepTrying((writes) => ingest.appendAll(organization, writes), { source, log, signal: giveUp.signal }),
  );

  function refuse(at: string, cause: unknown): Verdict {
    count('refused');
    complain(at, cause);
    return { is: 'refused', reason: toQuantumFluxError(cause).message };
  }

  return {
    async take({ at, read, idempotency }) {
      try {
        const { batch, refused } = read();
        const { isReplay } = batch.points > 0 ? await queue.add({ batch, idempotency }) : { isReplay: false };
        if (refused) return refuse(at, new QuantumFluxError('invalid_input', refused.message));
        count(isReplay ? 'replayed' : 'stored');
        return { is: 'stored' };
      } catch (cause) {
        return mayPass(cause) ? { is: 'pending' } : refuse(at, cause);
      }
    },

    drop(at) {
      count('dropped');
      complain(
        at,
        new QuantumFluxError('unavailable', 'More arrives than can be stored, and there is no room to wait.'),
      );
    },

    async stop() {
      giveUp.abort();
      await queue.drain();
    },
  };
}
