import type { Audiences } from './audience.ts';
import type { Channel } from './channel.ts';
import type { Channels } from './channels.ts';
import type { Member } from './member.ts';
import { FrameMessage } from './message.ts';
import type { SharedSection } from './section.ts';

/** How long a round may keep the event loop at a time, in ms. */
const SLICE_MS = 4;

type RoundPorts = {
  channels: Channels;
  audiences: Audiences;
  offer: (member: Member, message: FrameMessage) => void;
  onEnd: () => void;
};

/**
 * Tells every connection how far the journal is, a few at a time, so that ten thousand do not make points wait. Channels
 * take it as told when everybody was; until then their sections begin where they did, so it does not matter who of their
 * viewers hears it before a frame and who after.
 */
export function startRound({ channels, audiences, offer, onEnd }: RoundPorts): () => void {
  const told: [Channel, number[]][] = [];
  const sections: [Channel, SharedSection][] = [];
  for (const channel of channels.all()) {
    const reach = channel.reach(channels.heads);
    told.push([channel, reach]);
    sections.push([channel, channel.idle(reach)]);
  }
  const turns = [...audiences.gather(sections)].map(([{ members }, idle]) => ({
    message: new FrameMessage(channels.epoch, idle, { isHeads: true }),
    members: [...members],
  }));
  let next = setImmediate(tellSome);

  /** Goes on until the time is over; what is left is for the next turn of the loop. */
  function tellSome(): void {
    const end = performance.now() + SLICE_MS;
    for (let turn = turns.at(-1); turn; turn = turns.at(-1)) {
      for (let member = turn.members.pop(); member; member = turn.members.pop()) {
        // Whoever is gone, or behind by now, has or will get it otherwise.
        if (member.audience) offer(member, turn.message);
        if (performance.now() > end) return void (next = setImmediate(tellSome));
      }
      turns.pop();
    }
    for (const [channel, reach] of told) channel.rest(reach);
    onEnd();
  }

  return () => clearImmediate(next);
}
