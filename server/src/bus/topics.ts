import { PARTITIONS, type Position, type Presence } from '@quantumflux/sdk/protocol';

/** What the servers say to each other. All of it is a hint: losing one costs time, never data. */
export type Topics = {
  /** How far partitions are after a commit. Small, and for everybody. */
  heads: Position;
  /** What a commit stored in one partition: codec blocks. Heard by those who listen to the partition. */
  points: { epoch: number; partition: number; offset: number; payload: Uint8Array };
  /** Streams changed (not their points): forget what you know of them. */
  streams: { ids: number[] };
  /** Who is in which room at one server (see live/presence-peers.ts). */
  presence:
    | { is: 'news' | 'all'; server: string; version: number; rooms: Room[] }
    | { is: 'ask'; server: string; of: string[] | null }
    | { is: 'bye'; server: string };
  /** An API key was revoked. */
  keys: { id: string };
};

type Room = { place: string; count: number; present: Presence[] };

export type Topic = keyof Topics;
export type Message<T extends Topic> = Topics[T];

/** Which part of a topic: without a partition, all of it. Only `points` has parts. */
export type Part = { partition?: number };

/** The name under which a message travels. */
export function channelOf<T extends Topic>(topic: T, message: Message<T>): string {
  return 'partition' in message ? partOf(topic, message.partition) : topic;
}

/** The names under which this part of a topic travels. */
export function channelsOf(topic: Topic, { partition }: Part): string[] {
  if (topic !== 'points') return [topic];
  const partitions = partition === undefined ? Array.from({ length: PARTITIONS }, (_, i) => i) : [partition];
  return partitions.map((each) => partOf(topic, each));
}

/** The topic of what travels under this name; undefined for what is none of ours. */
export function topicOf(channel: string): Topic | undefined {
  const name = channel.replace(/:\d+$/, '');
  return isTopic(name) ? name : undefined;
}

function isTopic(name: string): name is Topic {
  return ['heads', 'points', 'streams', 'presence', 'keys'].includes(name);
}

function partOf(topic: Topic, partition: number): string {
  return `${topic}:${partition}`;
}
