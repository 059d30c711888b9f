/** The part of snappyjs that we use; it comes without types. */
declare module 'snappyjs' {
  export function uncompress(compressed: Uint8Array): Uint8Array;
  export function compress(plain: Uint8Array): Uint8Array;
}
