import { QuantumFluxError } from '@quantumflux/sdk/protocol';

export type Permission = 'points.write' | 'streams.read' | 'streams.change' | 'keys.manage';

/** Who is asking. The organization comes from here only, never from a path or a body. */
export type Caller = {
  organization: string;
  /** Who exactly, for the log: `user:<id>` or `key:<id>`. */
  subject: string;
  permissions: ReadonlySet<Permission>;
  /** Sees only streams that are public. */
  publicOnly: boolean;
  /** When the right to be here ends, in ms since the epoch; null when it does not end by itself. */
  expiresAt: number | null;
};

/** What a request or a handshake shows of its sender. */
export type Credentials = {
  /** A token or an API key. */
  bearer: string | undefined;
  /** The origin of the page that asks; undefined when no browser says one. */
  origin: string | undefined;
};

/** Says who shows these credentials. Anything that is not in order is an `unauthenticated` or `forbidden` error. */
export type Authenticate = (credentials: Credentials) => Promise<Caller>;

/** Throws unless the caller may do this. */
export function demand(caller: Caller, permission: Permission): void {
  if (caller.permissions.has(permission)) return;
  throw new QuantumFluxError(
    'forbidden',
    `This needs the permission ${permission}, which your key or role does not have.`,
  );
}
