import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import { promisify } from 'node:util';
import { gunzip, inflate as inflateZlib } from 'node:zlib';
import { uncompress } from 'snappyjs';
import { tooLarge } from './write-body.ts';

/** What a small body may become: text of agents shrinks to a tenth, that of an attacker to a thousandth. */
const MAX_INFLATED_BYTES = 32 * 1_024 * 1_024;

type Inflate = (body: Buffer, maxBytes: number) => Buffer | Promise<Buffer>;

const unzip = promisify(gunzip);
const undeflate = promisify(inflateZlib);

const encodings: Readonly<Record<string, Inflate>> = {
  identity: (body) => body,
  gzip: (body, maxOutputLength) => unzip(body, { maxOutputLength }),
  'x-gzip': (body, maxOutputLength) => unzip(body, { maxOutputLength }),
  deflate: (body, maxOutputLength) => undeflate(body, { maxOutputLength }),
  // One block without frames, as Prometheus sends it; it begins with the length that it will have.
  snappy: (body, maxBytes) => {
    if (lengthOfSnappy(body) > maxBytes) throw tooLarge(maxBytes);
    return Buffer.from(uncompress(body));
  },
};

/** The body without its Content-Encoding. Stops as soon as it is larger than allowed: `too_large`. */
export async function inflate(
  body: Buffer,
  encoding = 'identity',
  maxBytes: number = MAX_INFLATED_BYTES,
): Promise<Buffer> {
  const decode = Object.hasOwn(encodings, encoding.toLowerCase()) ? encodings[encoding.toLowerCase()] : undefined;
  if (!decode) {
    const known = Object.keys(encodings).join(', ');
    throw new QuantumFluxError('unsupported_type', `The body may have one Content-Encoding of ${known}.`);
  }
  try {
    return await decode(body, maxBytes);
  } catch (cause) {
    if (cause instanceof QuantumFluxError) throw cause;
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
    throw new QuantumFluxError('invalid_input', `The body is not what its Content-Encoding says, ${encoding}.`, {
      cause,
    });
  }
}

function lengthOfSnappy(body: Buffer): number {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = body[i] ?? 0;
    length += (byte & 127) * 128 ** i;
    if (byte < 128) break;
  }
  return length;
}
