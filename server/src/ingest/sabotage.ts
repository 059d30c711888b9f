import { isDiskFull, isOutage } from '../http/outage.ts';
import type { IngestPorts } from './ingest.service.ts';

/** How far behind the answer the commit comes, in ms. */
const BEHIND_MS = 50;

/** A day, in ms: longer than any test. */
const FOR_EVER_MS = 86_400_000;

/**
 * Promises that are broken on purpose, so that the fault tests can prove that they would notice. The ports as they are,
 * unless a test asks for a sabotage:
 *
 * - `ack-before-commit` answers before the points are on disk,
 * - `no-dedup` does not look at idempotency keys,
 * - `wait-forever` tries on while the database is away, instead of saying so,
 * - `ack-when-full` takes a full disk for none of its business.
 */
export function sabotaged(ports: IngestPorts, sabotage: string | undefined): IngestPorts {
  const { appendToJournal: append } = ports;
  switch (sabotage) {
    case 'ack-before-commit':
      return {
        ...ports,
        appendToJournal(...group) {
          setTimeout(() => void append(...group).catch(() => {}), BEHIND_MS);
          return Promise.resolve(nothing);
        },
      };
    case 'no-dedup':
      return {
        ...ports,
        appendToJournal: (entries) => append(entries, []),
        idempotency: { find: () => Promise.resolve(new Map()) },
      };
    case 'wait-forever':
      return { ...ports, ensureStreams: stubborn(ports.ensureStreams), appendToJournal: stubborn(append) };
    case 'ack-when-full':
      return {
        ...ports,
        async appendToJournal(...group) {
          return append(...group).catch((cause: unknown) => {
            if (isDiskFull(cause)) return nothing;
            throw cause;
          });
        },
      };
    default:
      return ports;
  }
}

/** What a write may spend waiting for the database, in ms; undefined for what is usual. */
export function sabotagedPatience(sabotage: string | undefined): number | undefined {
  return sabotage === 'wait-forever' ? FOR_EVER_MS : undefined;
}

const nothing = { epoch: 0, entries: [] };

/** Who somebody is, asked with the same patience. */
export function sabotagedQuestion<Input extends unknown[], Output>(
  ask: (...input: Input) => Promise<Output>,
  sabotage: string | undefined,
): (...input: Input) => Promise<Output> {
  return sabotage === 'wait-forever' ? stubborn(ask) : ask;
}

function stubborn<Input extends unknown[], Output>(
  ask: (...input: Input) => Promise<Output>,
): (...input: Input) => Promise<Output> {
  return async (...input) => {
    for (;;) {
      try {
        return await ask(...input);
      } catch (cause) {
        if (!isOutage(cause)) throw cause;
      }
    }
  };
}
