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

/** What there is of some streams in entries, as one entry; none when there is nothing. */
export async function picked(entries: readonly Missed[], ids: ReadonlySet<number>): Promise<FrameEntry[]> {
  const blocks: Uint8Array[] = [];
  let last = 0;
  await throughAll(entries, ({ offset, payload }) => {
    last = offset;
    for (const { stream, bytes } of blocksOf(payload)) if (ids.has(stream)) blocks.push(bytes);
  });
  return blocks.length > 0 ? [{ offset: last, blocks: joined(blocks) }] : [];
}

/** The same bytes, one after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}
