import type { Config } from './config.ts';
import type { SourcePorts } from './ingest/intake.ts';
import { startMqttSource } from './ingest/mqtt/mqtt.source.mqtt.ts';
import { startRedisSource } from './ingest/redis/redis.source.ts';

/** By the name under which health tells of them. */
export type Feeds = ReadonlyMap<string, { isUp: () => boolean; stop: () => Promise<void> }>;

/** Fetches points from where other programs leave them, if it is configured; by the name under which health tells of it. */
export function startFeeds(config: Config, portsOf: (name: 'redis' | 'mqtt') => SourcePorts): Feeds {
  const feeds = new Map<string, { isUp: () => boolean; stop: () => Promise<void> }>();
  const { REDIS_SOURCE_CHANNELS: channels, REDIS_SOURCE_STREAMS: streams, REDIS_SOURCE_GROUP: group } = config;
  const redis = config.REDIS_SOURCE_URL ?? config.REDIS_URL;
  if (redis && (channels || streams))
    feeds.set('redis', startRedisSource(portsOf('redis'), { redis, channels, streams, group }));
  const { MQTT_URL, MQTT_TOPICS: topics, MQTT_MAP: map, MQTT_CLIENT_ID: clientId } = config;
  if (MQTT_URL && topics) feeds.set('mqtt', startMqttSource(portsOf('mqtt'), { url: MQTT_URL, topics, map, clientId }));
  return feeds;
}
