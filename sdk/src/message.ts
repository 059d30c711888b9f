import type { ServerEvent } from './link.ts';
import { decodeFrame, type Section, type StreamMeta } from './protocol/index.ts';

/** What the server sends on a channel. Heads are a section without points. */
export type Message =
  | ({ is: 'section'; epoch: number } & Section)
  | { is: 'streams'; channel: number; streams: readonly StreamMeta[] }
  | { is: 'gone'; channel: number; streams: readonly number[] };

/** What an event of the server says on channels; nothing when it is about the connection. */
export function messagesOf(...[name, payload]: ServerEvent): Message[] {
  switch (name) {
    case 'frame':
      return messagesOfFrame(payload);
    case 'heads':
      return [messageOfHeads(payload)];
    case 'streams':
    case 'gone':
      return [{ is: name, ...payload } as Message];
    default:
      return [];
  }
}

type Sent<Name extends ServerEvent[0]> = Extract<ServerEvent, [Name, unknown]>[1];

/** One for each channel that the frame is for. */
function messagesOfFrame(frame: Sent<'frame'>): Message[] {
  const { epoch, sections } = decodeFrame(frame);
  return sections.map((section) => ({ is: 'section', epoch, ...section }));
}

function messageOfHeads({ channel, epoch, ranges }: Sent<'heads'>): Message {
  const empty = ranges.map(([partition, after, last]) => ({ partition, after, last, entries: [] }));
  return { is: 'section', channel, epoch, delivery: 'whole', skipped: 0, ranges: empty };
}
