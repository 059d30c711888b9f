import type { IncomingMessage } from 'node:http';
import type { Credentials } from '../../http/caller.ts';
import { agentCredentials } from '../agent-credentials.ts';

/** What sender and server speak. The number grows when an old one of either could misread the other. */
export const POINTS_PROTOCOL = 'quantumflux.points.v1';

/** Before a key or token among the subprotocols: the one header that a page in a browser can set. */
const BEARER = 'bearer.';

/** The subprotocols that the sender offers. */
export function protocolsOf({ headers }: Pick<IncomingMessage, 'headers'>): string[] {
  return (headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
}

/** What a handshake shows of its sender: the header Authorization, or `bearer.<key or token>` among the subprotocols. */
export function socketCredentials({ headers }: Pick<IncomingMessage, 'headers'>): Credentials {
  const credentials = agentCredentials({ headers });
  const offered = protocolsOf({ headers }).find((each) => each.startsWith(BEARER));
  return { ...credentials, bearer: credentials.bearer ?? offered?.slice(BEARER.length) };
}
