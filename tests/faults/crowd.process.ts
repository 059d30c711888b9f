import { emptyTally, SocketViewer, type SocketViewerOptions, type Tally } from './socket-viewer.ts';

// A process full of viewers, so that many more of them fit than into one, and none of them slows the test down.

/** What the test says. */
export type Order =
  | { is: 'connect'; count: number; spreadMs: number; options: SocketViewerOptions }
  | { is: 'subscribe' }
  | { is: 'report' };

/** What it hears. `lowest`: how many values everyone has of every stream at least; `fewest`: the same for streams. */
export type Report = Tally & { lowest: number; fewest: number };

const tally = emptyTally();
const viewers: SocketViewer[] = [];

process.on('message', (order: Order) => {
  switch (order.is) {
    case 'connect':
      for (let i = 0; i < order.count; i++) {
        viewers.push(new SocketViewer({ ...order.options, afterMs: (order.spreadMs * i) / order.count }, tally));
      }
      return;
    case 'subscribe':
      for (const viewer of viewers) viewer.subscribe();
      return;
    case 'report':
      process.send!({
        ...tally,
        // The first ones say what is wrong; there may be a million.
        wrong: tally.wrong.slice(0, 20),
        lowest: Math.min(...viewers.map(({ lowest }) => lowest)),
        fewest: Math.min(...viewers.map(({ streams }) => streams)),
      } satisfies Report);
  }
});
process.on('disconnect', () => process.exit());
