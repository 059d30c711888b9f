/**
 * The wire version both sides speak. Bump it when an old client or server could misread a message, and add a line to
 * the history.
 *
 *  1  first public protocol
 *  2  a frame has the sections of all channels of a connection (F1), and may come bare (F3); welcome, drain, auth.refresh
 */
export const PROTOCOL_VERSION = 2;

/** The version that two sides speak with each other: the older one of theirs. */
export function versionWith(theirs: number): number {
  return Math.min(PROTOCOL_VERSION, theirs);
}
