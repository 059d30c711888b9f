import type { StreamMeta, Tags } from '@quantumflux/sdk/protocol';
import { metaOf, type Stream } from '../stream.ts';

/** Streams that are answered as one. */
export type Group = { meta: Omit<StreamMeta, 'id'>; members: Stream[] };

/** Each stream by itself; or, with tags, those of one name that agree in the tags: the group has only these. */
export function groupsOf(streams: Stream[], by: string[] | undefined): Group[] {
  if (!by) return streams.map((stream) => ({ meta: withoutId(stream), members: [stream] }));
  const groups = new Map<string, Group>();
  for (const stream of streams) {
    // As in a selector, a tag that is missing is empty.
    const place = JSON.stringify([stream.stream, ...by.map((tag) => valueOf(stream.tags, tag) ?? '')]);
    const group = groups.get(place);
    if (group) group.members.push(stream);
    else groups.set(place, { meta: { ...withoutId(stream), tags: tagsOf(stream.tags, by) }, members: [stream] });
  }
  return [...groups.values()].map(({ meta, members }) => ({
    meta: {
      ...meta,
      unit: members.every(({ unit }) => unit === meta.unit) ? meta.unit : null,
      kind: members.every(({ kind }) => kind === 'counter') ? 'counter' : 'gauge',
    },
    members,
  }));
}

function withoutId(stream: Stream): Omit<StreamMeta, 'id'> {
  const { id: _, ...meta } = metaOf(stream);
  return meta;
}

function tagsOf(tags: Tags, names: string[]): Tags {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = valueOf(tags, name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function valueOf(tags: Tags, name: string): string | undefined {
  return Object.hasOwn(tags, name) ? tags[name] : undefined;
}
