import { post } from '../server.ts';

const BATCH = 4_000;

/** Of one stream the numbers 0, 1, 2 …, in points of 16 bytes that no codec makes smaller. */
export function createFlood(url: string, stream: string) {
  const start = Date.now() - 1_800_000;
  let next = 0;
  return {
    /** How many are stored. */
    get count() {
      return next;
    },
    async pour(points: number): Promise<void> {
      for (const end = next + points; next < end; next += BATCH) {
        const batch = Array.from({ length: BATCH }, (_, i) => [
          start + next + i + Math.random() / 2,
          next + i + Math.random() / 2,
        ]);
        const { status } = await post(url, { stream, points: batch });
        if (status !== 204) throw new Error(`the flood was answered ${status}`);
      }
    },
  };
}
