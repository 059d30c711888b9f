/** An answer that is not JSON made by the route: its bytes as they are. */
export class Content {
  readonly type: string;
  readonly bytes: Uint8Array;

  constructor(type: string, bytes: Uint8Array) {
    this.type = type;
    this.bytes = bytes;
  }
}
