import type { IngestPorts } from './ingest.service.ts';

/**
 * A promise that is broken on purpose, so that the fault tests can prove that they would notice: `ack-before-commit`
 * answers before the points are on disk, `no-dedup` does not look at idempotency keys.
 */
export type Sabotage = 'ack-before-commit' | 'no-dedup';

/** How far behind the answer the commit comes, in ms. */
const BEHIND_MS = 50;

/** The ports as they are, unless a test asks for a sabotage. */
export function sabotaged(ports: IngestPorts, sabotage: Sabotage | undefined): IngestPorts {
  if (sabotage === 'ack-before-commit') {
    return {
      ...ports,
      appendToJournal(...group) {
        setTimeout(() => void ports.appendToJournal(...group).catch(() => {}), BEHIND_MS);
        return Promise.resolve({ epoch: 0, entries: [] });
      },
    };
  }
  if (sabotage === 'no-dedup') {
    return {
      ...ports,
      appendToJournal: (entries) => ports.appendToJournal(entries, []),
      idempotency: { find: () => Promise.resolve(new Map()) },
    };
  }
  return ports;
}
