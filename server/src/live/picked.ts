import { blocksOf, type FrameEntry } from '@quantumflux/sdk/protocol';
import { setImmediate as turn } from 'node:timers/promises';
import type { Missed } from './backfill.ts';

/** Bytes of entries that are looked through in one turn of the loop. */
const TURN_BYTES = 512 * 1_024;

/** Goes through entries, and lets others have the loop from time to time. */
export async function throughAll(entries: readonly Missed[], visit: (entry: Missed) => void): Promise<void> {
  let bytes = 0;
  for (const entry of entries) {
    visit(entry);
    bytes += entry.payload.length;
    if (bytes < TURN_BYTES) continue;
    bytes = 0;
    await turn();
  }
}

/**
 * What there is of some streams in entries. Each keeps its offset: a reader that is moving to another connection may have
 * come into the middle meanwhile, and takes only what is beyond (S6).
 */
export async function picked(entries: readonly Missed[], ids: ReadonlySet<number>): Promise<FrameEntry[]> {
  const found: FrameEntry[] = [];
  await throughAll(entries, ({ offset, payload }) => {
    const blocks = [...blocksOf(payload)].filter(({ stream }) => ids.has(stream)).map(({ bytes }) => bytes);
    if (blocks.length > 0) found.push({ offset, blocks: joined(blocks) });
  });
  return found;
}

/** The same bytes, one after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}
