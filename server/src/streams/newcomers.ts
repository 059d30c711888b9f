import { isRefusal } from '../http/outage.ts';
import type { Stream } from './stream.ts';
import type { NewStream } from './streams.store.ts';

/** What makes streams: all of one organization, each once. */
export type MakeStreams = (organization: string, wanted: NewStream[]) => Promise<Stream[]>;

type Waiting = { wanted: NewStream; resolve: (stream: Stream) => void; reject: (error: unknown) => void };
type Queue = { promises: Map<string, Promise<Stream>>; waiting: Waiting[]; isMaking: boolean };

/** Streams that are asked for together; so the first of many need not wait for the last. */
const MOST = 1_000;

/**
 * Makes streams that are not known yet. A stream that many want is asked for once, and all that is wanted while the
 * database is busy with others goes there together: a thousand senders that come with ten new streams each cost a
 * handful of questions.
 */
export function createNewcomers(make: MakeStreams) {
  const queues = new Map<string, Queue>();

  async function makeAll(organization: string, queue: Queue): Promise<void> {
    queue.isMaking = true;
    // The next turn of the loop, so that requests of this one go together.
    await new Promise<void>((turn) => setImmediate(turn));
    while (queue.waiting.length > 0) await settle(organization, queue.waiting.splice(0, MOST));
    queues.delete(organization);
  }

  async function settle(organization: string, batch: Waiting[]): Promise<void> {
    let made: Map<string, Stream>;
    try {
      const streams = await make(
        organization,
        batch.map(({ wanted }) => wanted),
      );
      made = new Map(streams.map((stream) => [stream.key, stream]));
    } catch (error) {
      if (batch.length === 1 || !isRefusal(error)) {
        for (const { reject } of batch) reject(error);
        return;
      }
      // One of them is the reason, and must not harm the others. By halves it is found soon.
      const middle = batch.length >> 1;
      await settle(organization, batch.slice(0, middle));
      return settle(organization, batch.slice(middle));
    }
    for (const { wanted, resolve, reject } of batch) {
      const stream = made.get(wanted.key);
      if (stream) resolve(stream);
      else reject(new Error(`the stream ${wanted.key} was made and is gone`));
    }
  }

  function want(queue: Queue, wanted: NewStream): Promise<Stream> {
    const promise = new Promise<Stream>((resolve, reject) => queue.waiting.push({ wanted, resolve, reject }));
    queue.promises.set(wanted.key, promise);
    const forget = () => queue.promises.delete(wanted.key);
    promise.then(forget, forget);
    return promise;
  }

  /** The stored streams for these, in the same order. */
  return async function welcome(organization: string, wanted: NewStream[]): Promise<Stream[]> {
    let queue = queues.get(organization);
    if (!queue) {
      queue = { promises: new Map(), waiting: [], isMaking: false };
      queues.set(organization, queue);
    }
    const place = queue;
    const promises = wanted.map((stream) => place.promises.get(stream.key) ?? want(place, stream));
    if (!place.isMaking) void makeAll(organization, place);
    return Promise.all(promises);
  };
}
