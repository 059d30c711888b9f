import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import type { IncomingMessage } from 'node:http';

const MAX_DISCARDED_BYTES = 64 * 1_024 * 1_024;

/** The body of a write, as text. Larger than `maxBytes` is `too_large`, before it is read when its length is told. */
export async function readText(req: IncomingMessage, maxBytes: number): Promise<string> {
  const declared = Number(req.headers['content-length'] ?? 0);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > maxBytes) throw tooLarge(maxBytes);
    parts.push(part);
  }
  return decode(Buffer.concat(parts));
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

function tooLarge(maxBytes: number): QuantumFluxError {
  return new QuantumFluxError('too_large', `A write may have ${maxBytes / 1_024 / 1_024} MiB. Send it in parts.`);
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new QuantumFluxError('invalid_input', 'The body is not UTF-8 text.', { cause });
  }
}
