import {
  type Block,
  blocksOf,
  decodeBlock,
  pointsIn,
  type Columns,
  type Position,
  QuantumFluxError,
} from '@quantumflux/sdk/protocol';
import { clip, mergeColumns } from './columns.ts';
import type { Journal } from './journal.ts';
import { partitionOf } from './stream.ts';

/** Most points that one question may read. */
const MAX_POINTS = 20_000_000;

/** The points of some streams, and the position at which they were read. */
export type History = { position: Position; columns: Map<number, Columns> };

/** Reads the points of streams between two times, inclusive, in ms: ascending, the newest write of a time wins. */
export function createHistory({ journal }: { journal: Pick<Journal, 'read'> }) {
  return async function history(ids: number[], from: number, to: number): Promise<History> {
    const found = new Map<number, { offset: number; block: Block }[]>(ids.map((id) => [id, []]));
    let points = 0;
    const position = await journal.read([...new Set(ids.map(partitionOf))], from, to, (entries) => {
      for (const { offset, payload } of entries) {
        for (const block of blocksOf(payload)) {
          const blocks = found.get(block.stream);
          if (!blocks) continue;
          points += pointsIn(block);
          blocks.push({ offset, block });
        }
      }
      if (points > MAX_POINTS) throw tooMany();
    });
    const columns = new Map<number, Columns>();
    for (const [id, blocks] of found) {
      // A stream lives in one partition, so its offsets tell what was written after what.
      blocks.sort((a, b) => a.offset - b.offset);
      columns.set(id, clip(mergeColumns(blocks.map(({ block }) => decodeBlock(block))), from, to));
    }
    return { position, columns };
  };
}

export type ReadHistory = ReturnType<typeof createHistory>;

function tooMany(): QuantumFluxError {
  return new QuantumFluxError(
    'too_large',
    `The question would read more than ${MAX_POINTS.toLocaleString('en')} points. Ask for a shorter time or fewer streams.`,
  );
}
