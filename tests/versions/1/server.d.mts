import type { StreamWrite } from '@quantumflux/sdk';

/** What of the old server is put to work. */
export type OldServer = {
  readonly url: string;
  readonly handshakes: object[];
  readonly requests: object[];
  write(write: StreamWrite): void;
  beat(): void;
  loseFrames(count: number): void;
  cut(): void;
  restore(): void;
  close(): Promise<void>;
};

export function createTestServer(options?: { heartbeatMs?: number; webSocket?: boolean }): Promise<OldServer>;
