import type { RedisAddress } from '../../bus/redis-address.ts';
import { createIntake, type SourcePorts } from '../intake.ts';
import { startChannels } from './channels.redis.ts';
import { startStreamReader, type StreamReaderOptions } from './stream-reader.redis.ts';

export type RedisSourceOptions = StreamReaderOptions & {
  redis: RedisAddress;
  /** Patterns of channels, as PSUBSCRIBE takes them. */
  channels?: readonly string[] | undefined;
  /** Keys of Redis Streams. */
  streams?: readonly string[] | undefined;
  /** The consumer group, which all servers share. */
  group: string;
};

/** Points that other programs leave in Redis: PUBLISHed, or added to streams. */
export function startRedisSource(
  ports: SourcePorts,
  { redis, channels = [], streams = [], group, ...options }: RedisSourceOptions,
) {
  const intake = createIntake('Redis', ports);
  const { log } = ports;
  const parts = [
    ...(channels.length > 0 ? [startChannels({ redis, patterns: channels, intake, log })] : []),
    ...streams.map((stream) => startStreamReader({ redis, stream, group, intake, log }, options)),
  ];
  return {
    isUp: () => parts.every(({ isUp }) => isUp()),
    async stop(): Promise<void> {
      // At the same time: what waits for the database is given up, and so its reader comes to an end.
      await Promise.all([...parts.map(({ stop }) => stop()), intake.stop()]);
    },
  };
}
