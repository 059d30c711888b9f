// eslint-disable-next-line @typescript-eslint/triple-slash-reference -- an untyped package has its types nowhere else
/// <reference path="./snappyjs.d.ts" />
import { compress } from 'snappyjs';

/** One block of snappy, as Prometheus sends it. */
export function snappy(plain: Uint8Array): Buffer<ArrayBuffer> {
  return Buffer.from(compress(plain));
}
