import type { Stop } from '@quantumflux/sdk';

/** What of the old client is put to work. */
export type OldClient = {
  watch(
    selector: string,
    options: { from?: string; wait?: boolean },
    onUpdate: (update: { series: readonly { key: string; values: Float64Array }[]; state: { is: string } }) => void,
  ): Stop;
  readonly state: { is: string };
  close(): void;
};

export function connect(options: { url: string; key: string; silenceMs?: number }): OldClient;
