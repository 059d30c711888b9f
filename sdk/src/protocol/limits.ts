/** Most points one write may carry, over all its streams. Above it: `too_large`. */
export const MAX_BATCH_POINTS = 100_000;

/** Largest body of a write, in bytes. Above it: `too_large`, before the body is read. */
export const MAX_WRITE_BYTES = 8 * 1024 * 1024;

/** Largest body of every other request, in bytes. */
export const MAX_BODY_BYTES = 256 * 1024;

/** Longest stream name, tag name and tag value, in characters. */
export const MAX_NAME_LENGTH = 200;
export const MAX_TAG_NAME_LENGTH = 64;
export const MAX_TAG_VALUE_LENGTH = 256;

/** Most tags of one stream. */
export const MAX_TAGS = 16;

/** Longest key of a stream, in bytes of UTF-8: its name and all of its tags. */
export const MAX_KEY_BYTES = 2_000;

/** Longest unit, in characters. */
export const MAX_UNIT_LENGTH = 32;

/** Longest selector, in characters. */
export const MAX_SELECTOR_LENGTH = 1_000;

/** Most streams one selector may pick at a time. Above it: `too_large`. */
export const MAX_SELECTED_STREAMS = 1_000;

/** Most subscriptions one socket may have. Above it: `too_large`. */
export const MAX_SUBSCRIPTIONS = 200;

/** Widest picture a query may be made for, in pixels. */
export const MAX_WIDTH = 10_000;

/** Most points that one query may read. Above it: `too_large`. */
export const MAX_QUERY_POINTS = 20_000_000;

/** Most numbers that the answer of one query may have. Above it: `too_large`. */
export const MAX_QUERY_NUMBERS = 5_000_000;

/** A time is within what a JavaScript Date can say, in ms from the epoch (ECMA-262, 21.4.1.1). */
export const MAX_TIME = 8.64e15;

/** Shortest time for which a stream may be kept, in ms. */
export const MIN_RETENTION_MS = 60_000;

/** How many partitions the journal has; fixed when a database is created. */
export const PARTITIONS = 8;

/** How often the server tells every subscription how far the journal is, in ms. */
export const HEARTBEAT_MS = 5_000;

/** Most times a second that a subscription may ask for with `maxHz`. */
export const MAX_HZ = 60;

/** Fewest. */
export const MIN_HZ = 0.1;

/** Most bytes that wait for one connection. Above it, it is given less (F4). */
export const MAX_WAITING_BYTES = 1_048_576;

/** How long a connection may take nothing of what waits for it before it is ended, in ms. */
export const MAX_STUCK_MS = 30_000;

/** How long before a credential ends the server asks for another, in ms. */
export const REFRESH_AHEAD_MS = 60_000;

/** Most rooms that one connection may be present in. Above it: `too_large`. */
export const MAX_ROOMS = 20;

/** Longest name of a room, and of somebody in it, in characters. */
export const MAX_ROOM_LENGTH = 200;

/** Most people of a room that are told one by one; of the rest, how many they are. */
export const MAX_PRESENT = 100;
