import { MAX_ROOMS, QuantumFluxError, type Company } from '@quantumflux/sdk/protocol';
import { joinRequest, leaveRequest, parse } from '@quantumflux/sdk/protocol/schemas';
import { randomUUID } from 'node:crypto';
import type { Bus, Stop } from '../bus/bus.ts';
import type { Message } from '../bus/topics.ts';
import { demand, type Caller } from '../http/caller.ts';
import type { Log } from '../log.ts';
import { Peers } from './presence-peers.ts';
import { companyOf, Rooms, type Group } from './presence-rooms.ts';
import { answer } from './replies.ts';
import type { LiveServer, Part } from './socket.ts';

const defaults = {
  /** How long changes are gathered before they are told, in ms. */
  tickMs: 20,
  /** How often each server says that it is there, in ms. */
  beatMs: 5_000,
};

/** How long a room rests after it was told, in ms for each of its people here: they all are told all. */
const REST_MS_PER_MEMBER = 0.5;

/** How often it is looked for servers that fell silent, in ms. */
const LOOK_MS = 500;

/** How long a server is not asked again for all its rooms, in ms. */
const ASK_AGAIN_MS = 1_000;

/**
 * Tells those who are in a room who else is (P1). Each server keeps its own people, and tells the others of them; who
 * is where is in memory only, and whatever was missed comes again with a beat.
 */
export async function startPresence(
  { io, bus, log }: { io: LiveServer; bus: Pick<Bus, 'publish' | 'subscribe'>; log: Log },
  options: Partial<typeof defaults> = {},
): Promise<Part & { stop: Stop }> {
  const { tickMs, beatMs } = { ...defaults, ...options };
  const server = randomUUID();
  const rooms = new Rooms();
  const peers = new Peers();
  let version = 0;
  /** What the other servers, and those who are connected here, do not know yet. */
  const untoldPlaces = new Set<string>();
  const untoldRooms = new Set<string>();
  let owesAll = false;
  /** When a room that was told may be told again. */
  const restsUntil = new Map<string, number>();
  const askedAt = new Map<string, number>();
  let tick: NodeJS.Timeout | undefined;
  let isStopped = false;

  const groupsOf = (place: string): Group[] => [rooms.of(place), ...peers.of(place)];
  const newsOf = (places: Iterable<string>) => [...places].map((place) => ({ place, ...rooms.of(place) }));

  function say(message: Message<'presence'>): void {
    void bus.publish('presence', message);
  }

  function changed(places: Iterable<string>): void {
    for (const place of places) untoldRooms.add(place);
    if (untoldRooms.size > 0) tickSoon();
  }

  function changedHere(place: string): void {
    untoldPlaces.add(place);
    changed([place]);
  }

  function tickSoon(): void {
    if (!isStopped) tick ??= setTimeout(tell, tickMs);
  }

  function tell(): void {
    tick = undefined;
    if (untoldPlaces.size > 0) say({ is: 'news', server, version: ++version, rooms: newsOf(untoldPlaces) });
    untoldPlaces.clear();
    if (owesAll) say({ is: 'all', server, version, rooms: newsOf(rooms.places) });
    owesAll = false;
    const now = performance.now();
    for (const [place, until] of restsUntil) if (until <= now) restsUntil.delete(place);
    for (const place of untoldRooms) {
      if (restsUntil.has(place)) continue;
      untoldRooms.delete(place);
      const groups = groupsOf(place);
      const here = groups[0]!.count;
      if (here === 0) continue;
      io.to(place).emit('presence', { room: roomOf(place), ...companyOf(groups) });
      restsUntil.set(place, now + here * REST_MS_PER_MEMBER);
    }
    if (untoldRooms.size > 0) tickSoon();
  }

  function hear(message: Message<'presence'>): void {
    if (message.server === server) return;
    if (message.is === 'bye') return changed(peers.drop(message.server));
    if (message.is === 'ask') {
      owesAll ||= message.of === null || message.of.includes(server);
      if (owesAll) tickSoon();
      return;
    }
    const now = performance.now();
    const { changed: places, isWhole } = peers.hear(message, now);
    changed(places);
    if (isWhole) askedAt.delete(message.server);
    else if (now - (askedAt.get(message.server) ?? -Infinity) >= ASK_AGAIN_MS) {
      askedAt.set(message.server, now);
      say({ is: 'ask', server, of: [message.server] });
    }
  }

  const stopHearing = await bus.subscribe('presence', hear);
  say({ is: 'ask', server, of: null });
  const beats = setInterval(() => say({ is: 'news', server, version, rooms: [] }), beatMs);
  const looks = setInterval(() => changed(peers.dropSilent(performance.now())), LOOK_MS);

  return {
    attend(socket) {
      const id = randomUUID();
      /** By the name of the room. */
      const places = new Map<string, string>();

      function join(input: unknown): { id: string } & Company {
        const { room, name } = parse(joinRequest, input);
        const { caller } = socket.data;
        demand(caller, 'streams.read');
        if (!places.has(room) && places.size >= MAX_ROOMS) {
          throw new QuantumFluxError('too_large', `A connection may be in ${MAX_ROOMS} rooms. Leave one first.`);
        }
        const place = places.get(room) ?? placeOf(caller, room);
        places.set(room, place);
        rooms.join(place, { id, name, since: Date.now() });
        void socket.join(place);
        changedHere(place);
        return { id, ...companyOf(groupsOf(place), rooms.find(place, id)) };
      }

      function leave(room: string, place: string): void {
        places.delete(room);
        rooms.leave(place, id);
        void socket.leave(place);
        changedHere(place);
      }

      answer(socket, 'presence.join', log, join);
      answer(socket, 'presence.leave', log, (input) => {
        const { room } = parse(leaveRequest, input);
        const place = places.get(room);
        if (place === undefined) {
          throw new QuantumFluxError('not_found', `This connection is not in the room ${room}.`, { path: 'room' });
        }
        leave(room, place);
        return null;
      });
      return () => {
        for (const [room, place] of places) leave(room, place);
      };
    },
    async stop() {
      isStopped = true;
      for (const timer of [beats, looks]) clearInterval(timer);
      clearTimeout(tick);
      await stopHearing();
      say({ is: 'bye', server });
    },
  };
}

/** A room of an organization; those who see public streams only have rooms of their own (P2). */
function placeOf({ organization, publicOnly }: Caller, room: string): string {
  return `presence:${organization}:${publicOnly ? 'public' : 'all'}:${room}`;
}

function roomOf(place: string): string {
  return place.split(':').slice(3).join(':');
}
