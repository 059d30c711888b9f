import type { Position } from '@quantumflux/sdk/protocol';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Floor } from './floor.ts';

/** A replica, as it is looked after. */
export type WatchedReplica = {
  /** `host:port`. */
  name: string;
  isUp(): boolean;
  /** How far it is; undefined when it does not answer. */
  heads(): Promise<Position | undefined>;
};

/** What the replicas tell of themselves. */
export function createReplicaMetrics(
  registry: Registry,
  { replicas, floor }: { replicas: readonly WatchedReplica[]; floor: Pick<Floor, 'position'> },
) {
  const registers = [registry];
  const labelNames = ['replica'];
  new Gauge({
    name: 'quantumflux_replica_up',
    help: 'Whether the replica is read at the moment.',
    labelNames,
    registers,
    collect() {
      for (const { name, isUp } of replicas) this.set({ replica: name }, isUp() ? 1 : 0);
    },
  });
  new Gauge({
    name: 'quantumflux_replica_lag_entries',
    help: 'Journal entries that this server knows of and the replica does not have yet.',
    labelNames,
    registers,
    async collect() {
      this.reset();
      const told = new Map(floor.position()?.offsets);
      for (const { name, heads } of replicas) {
        const position = await heads();
        if (!position) continue;
        const has = new Map(position.offsets);
        const missing = [...told].map(([partition, offset]) => Math.max(0, offset - (has.get(partition) ?? 0)));
        this.set(
          { replica: name },
          missing.reduce((sum, each) => sum + each, 0),
        );
      }
    },
  });
  return {
    reads: new Counter({
      name: 'quantumflux_range_reads_total',
      help: 'Questions about points, by the kind of server that answered.',
      labelNames: ['from'],
      registers,
    }),
  };
}
