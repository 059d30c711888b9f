/**
 * The wire version both sides speak. Bump it when an old client or server could misread a message, and add a line to
 * the history.
 *
 *  1  first public protocol
 */
export const PROTOCOL_VERSION = 1;
