import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import type { IncomingMessage } from 'node:http';

const MAX_DISCARDED_BYTES = 64 * 1_024 * 1_024;

/**
 * The body of a write, as it came. Larger than `maxBytes` is `too_large`, before it is read when its length is told.
 * `take` is told of every part as it comes, and may refuse it.
 */
export function readBody(req: IncomingMessage, maxBytes: number, take: (bytes: number) => void): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const declared = Number(req.headers['content-length'] ?? 0);
    if (declared > maxBytes) throw tooLarge(maxBytes);
    const parts: Buffer[] = [];
    let length = 0;

    const hear = (part: Buffer) => {
      length += part.length;
      parts.push(part);
      try {
        take(part.length);
        if (length > maxBytes) throw tooLarge(maxBytes);
      } catch (error) {
        req.off('data', hear);
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what `take` threw, as it is
        reject(error);
      }
    };
    // By events: to read it as an async iterator costs a multiple of what a small body does.
    req.on('data', hear);
    req.once('end', () => resolve(parts.length === 1 ? parts[0]! : Buffer.concat(parts, length)));
    req.once('error', reject);
  });
}

/**
 * Takes the rest of a refused body from the wire, so that the sender, who is still sending, gets to read why. One who
 * does not come to an end is cut off.
 */
export function discard(req: IncomingMessage): void {
  let discarded = 0;
  req.on('data', (part: Buffer) => {
    discarded += part.length;
    if (discarded > MAX_DISCARDED_BYTES) req.destroy();
  });
}

/** A body has more bytes than is allowed, as it came or once it is inflated. */
export function tooLarge(maxBytes: number): QuantumFluxError {
  return new QuantumFluxError('too_large', `A write may have ${maxBytes / 1_024 / 1_024} MiB. Send it in parts.`);
}
