import { decodeBlock, blocksOf, decodeFrame } from '@quantumflux/sdk/protocol';
import { connectStock, type StockClient } from '../../server/src/live/live.testing.ts';
import { post } from '../server.ts';

/** A viewer as the wire has it: a stock client of Socket.io, and the values of all points that reached it in frames. */
export type StockViewer = StockClient & { name: string; values: number[] };

/** Connects and subscribes. Without history: what counts is what comes. */
export async function startStockViewer(
  name: string,
  { url, selector, ...auth }: { url: string; selector: string; token?: string; key?: string },
): Promise<StockViewer> {
  const client = connectStock(url, auth);
  const values: number[] = [];
  client.socket.on('frame', (frame: Uint8Array) => {
    for (const { ranges } of decodeFrame(new Uint8Array(frame)).sections)
      for (const { entries } of ranges)
        for (const { blocks } of entries)
          for (const block of blocksOf(blocks)) values.push(...decodeBlock(block).values);
  });
  const refusal = await client.admitted;
  if (refusal) throw new Error(`${name} was refused: ${refusal.message}`);
  const reply = (await client.ask('subscribe', { selector, from: 'now', wait: true })) as { ok: boolean };
  if (!reply.ok) throw new Error(`${name} may not watch: ${JSON.stringify(reply)}`);
  return { ...client, name, values };
}

/** Writes 0, 1, 2 … all the time, by turns at each server, and remembers when it began to send each of them. */
export function startCounting(urls: readonly string[], stream: string) {
  /** By value, in ms since the epoch. */
  const sentAt: number[] = [];
  let isStopped = false;

  const done = (async () => {
    while (!isStopped) {
      const value = sentAt.push(Date.now()) - 1;
      const { status } = await post(urls[value % urls.length]!, { stream, points: [[sentAt[value], value]] });
      if (status !== 204) throw new Error(`a write was answered ${status}`);
    }
  })();

  return {
    sentAt,
    /** Resolves when the last one is stored. */
    async stop(): Promise<void> {
      isStopped = true;
      await done;
    },
  };
}
