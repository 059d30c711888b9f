import { ByteWriter, decodeFrame, parseSelector, PARTITIONS, writeBlock } from '@quantumflux/sdk/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRecentEntries } from '../streams/recent-entries.ts';
import { createBroadcast } from './broadcast.ts';
import { Reader } from './broadcast.testing.ts';
import type { Channel, LiveStream } from './channel.ts';
import { Member, type Exit } from './member.ts';
import type { LiveSocket } from './socket.ts';

// Everything between the journal and the sockets, over random histories. The way out is one that the test can block.

const EPOCH = 3;
const STREAMS = 12;
const SELECTORS = ['s.*', 's.1', 's.2', 's.1*', 's.9'];
const LIMIT = 400;

const streams = new Map<number, LiveStream>();
for (let id = 1; id <= STREAMS; id++) {
  const meta = { id, stream: `s.${id}`, tags: {}, unit: null, kind: 'gauge' as const };
  streams.set(id, { ...meta, organization: 'here', public: true });
}

/** A viewer behind a way out that takes nothing while it is blocked. */
class Connection {
  readonly member: Member;
  /** One for each subscription; those of one channel share one. */
  readonly readers = new Map<Channel, Reader>();
  /** What each reader must have in the end: of each stream the offsets that were written after it joined. */
  readonly expected = new Map<Channel, Map<number, number[]>>();
  /** Those who joined while something was on its way that they had in their history: of that they may be told too. */
  readonly early = new Set<Reader>();
  isBlocked = false;
  mostWaiting = 0;
  #waiting: Buffer[] = [];
  #taken = 0;

  constructor() {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- a getter has its own
    const connection = this;
    const exit: Exit = {
      form: 'bare',
      send: (message) => this.#put(message.in('bare').messages),
      offer: (message, limit) => {
        const { messages } = message.in('bare');
        const size = messages.reduce((sum, { length }) => sum + length, 0);
        if (exit.waiting > 0 && exit.waiting + size > limit) return false;
        this.#put(messages);
        return true;
      },
      get waiting() {
        return connection.#waiting.reduce((sum, { length }) => sum + length, 0);
      },
      get taken() {
        return connection.#taken;
      },
      cut: () => undefined,
    };
    this.member = new Member({} as LiveSocket, exit);
  }

  unblock(): void {
    this.isBlocked = false;
    for (const bytes of this.#waiting.splice(0)) this.#read(bytes);
  }

  #put(messages: readonly (string | Buffer)[]): void {
    for (const message of messages) {
      if (typeof message === 'string') continue;
      if (this.isBlocked) this.#waiting.push(message);
      else this.#read(message);
    }
    this.mostWaiting = Math.max(
      this.mostWaiting,
      this.#waiting.reduce((sum, { length }) => sum + length, 0),
    );
  }

  #read(bytes: Buffer): void {
    this.#taken += bytes.length;
    for (const section of decodeFrame(bytes).sections) {
      for (const [channel, reader] of this.readers) if (channel.id === section.channel) reader.take(section);
    }
  }
}

const connection = fc.nat(3);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('join' as const), connection, selector: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('leave' as const), connection, which: fc.nat(5) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      ids: fc.uniqueArray(fc.integer({ min: 1, max: STREAMS }), { minLength: 1, maxLength: 6 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('beat' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('block' as const), connection }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unblock' as const), connection }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function play(steps: readonly Step[], { wholeBytes }: { wholeBytes: number }) {
  const recent = createRecentEntries(2_000);
  const heads = new Array<number>(PARTITIONS).fill(0);
  const broadcast = createBroadcast(
    { streamOf: (id) => streams.get(id), meet: () => Promise.resolve(), recent, onFrames: () => undefined },
    { epoch: EPOCH, offsets: [] },
    { maxWaitingBytes: LIMIT, everyMs: 1, lowBytes: 0, wholeBytes },
  );
  const connections = Array.from({ length: 4 }, () => new Connection());

  function write(ids: readonly number[]): void {
    const outs = new Map<number, ByteWriter>();
    for (const id of ids) {
      const out = outs.get(id % PARTITIONS) ?? new ByteWriter();
      outs.set(id % PARTITIONS, out);
      const offset = heads[id % PARTITIONS]! + 1;
      writeBlock(out, id, { times: Float64Array.of(offset), values: Float64Array.of(offset) });
    }
    for (const [partition, out] of outs) {
      const offset = ++heads[partition]!;
      const entry = { partition, offset, payload: out.toBytes(), tMin: 0, tMax: 0 };
      recent.add(entry);
      broadcast.onEntry(entry);
      for (const { expected } of connections) {
        for (const [channel, byStream] of expected) {
          for (const id of ids.filter((id) => id % PARTITIONS === partition && channel.sees(streams.get(id)!)))
            byStream.set(id, [...(byStream.get(id) ?? []), offset]);
        }
      }
    }
  }

  for (const each of steps) {
    const on = 'connection' in each ? connections[each.connection]! : undefined;
    if (each.do === 'write') write(each.ids);
    else if (each.do === 'turn') await turn();
    else if (each.do === 'beat') broadcast.beat();
    else if (each.do === 'block') on!.isBlocked = true;
    else if (each.do === 'unblock') on!.unblock();
    else if (each.do === 'join') {
      const viewer = { organization: 'here', publicOnly: each.selector % 2 === 0 };
      const channel = broadcast.join(on!.member, { selector: parseSelector(SELECTORS[each.selector]!), viewer });
      channel.meet([...streams.values()].filter((stream) => channel.sees(stream)).map(({ id }) => id));
      if (!on!.readers.has(channel)) {
        const reader = new Reader(heads);
        on!.readers.set(channel, reader);
        if (channel.hasNews) on!.early.add(reader);
        on!.expected.set(channel, new Map());
      }
    } else {
      const channel = on!.member.channels[each.which];
      if (channel) broadcast.leave(on!.member, channel);
      if (channel && !on!.member.channels.includes(channel)) {
        on!.readers.delete(channel);
        on!.expected.delete(channel);
      }
    }
  }

  // In the end all of them take what waits, and are told how far the journal is.
  await turn();
  for (const each of connections) each.unblock();
  const isBehind = () => connections.some(({ member }) => member.lag);
  while (isBehind()) await new Promise((resolve) => setTimeout(resolve, 1));
  const isUpToDate = (reader: Reader) => reader.offsets.every((offset, partition) => offset === heads[partition]);
  const all = () => connections.flatMap(({ readers }) => [...readers.values()]);
  for (let i = 0; i < 100 && !all().every(isUpToDate); i++) {
    broadcast.beat();
    await turn();
  }
  broadcast.stop();
  return { connections, heads };
}

test.each([
  ['whole', Number.MAX_SAFE_INTEGER],
  ['coalesced', 0],
])(
  '[S5] [S11] [F4] whoever comes, goes and falls behind: no point is lost, doubled or out of order, and what was skipped is told (%s)',
  async (_, wholeBytes) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
        const { connections, heads } = await play(steps, { wholeBytes });
        for (const { readers, expected, early, mostWaiting } of connections) {
          for (const [channel, reader] of readers) {
            expect(reader.offsets).toEqual(heads);
            let missing = 0;
            for (const [id, offsets] of expected.get(channel)!) {
              const values = reader.values(id);
              const known = new Set(offsets);
              expect(values.filter((value) => !known.has(value))).toEqual([]);
              expect(values).toEqual([...new Set(values)].sort((a, b) => a - b));
              // The newest of each stream is there, whatever was skipped.
              expect(values.at(-1)).toBe(offsets.at(-1));
              missing += offsets.length - values.length;
            }
            if (early.has(reader)) expect(reader.skipped).toBeGreaterThanOrEqual(missing);
            else expect(reader.skipped).toBe(missing);
          }
          // The limit, and what is sent to one of whom nothing waited.
          expect(mostWaiting).toBeLessThan(LIMIT + 1_000);
        }
      }),
      { numRuns: 400 },
    );
  },
  120_000,
);
