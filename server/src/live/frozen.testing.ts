import { WebSocket } from 'ws';

/** Subscribes, and reads nothing from then on. `selector`: another one makes the server frame for it alone. */
export function openFrozen(
  url: string,
  { key, selector }: { key: string; selector: string },
): Promise<{ close(): void }> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data: Buffer, isBinary) => {
      const text = isBinary ? '' : data.toString();
      if (text.startsWith('0')) socket.send(`40${JSON.stringify({ protocol: 2, frames: 'bare', key })}`);
      else if (text.startsWith('40')) socket.send(`420${JSON.stringify(['subscribe', { selector, wait: true }])}`);
      // The answer has bytes with it, or none.
      else if (/^4(3|6\d+-)0/.test(text)) {
        socket.pause();
        resolve({ close: () => socket.terminate() });
      }
    });
  });
}
