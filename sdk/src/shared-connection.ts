import { Connection, type ConnectionOptions } from './connection.ts';
import type { Credentials } from './credentials.ts';
import { Lease } from './lease.ts';

/**
 * The shape of what is shared. Other copies of the SDK on the page, perhaps of another release, call these objects: raise
 * it whenever what they call changes, then copies that do not fit each other have connections of their own.
 */
export const SHAPE = 1;

/** Where all copies of the SDK find what they share. */
const place = Symbol.for('quantumflux.connections');

/** Who connects. */
export type Identity = { key?: string | undefined; getToken?: (() => Promise<string>) | undefined };

type Shared = {
  name: string;
  getToken: Identity['getToken'];
  credentials: Credentials;
  connection: Connection;
  leases: number;
};

/**
 * A part of the page's connection of this identity, to the same address in the same manner, and its credentials. The first
 * one makes it, the last one ends it. Nothing is kept of a key but in the memory of the page, where it is anyway.
 */
export function leaseShared(
  { key, getToken }: Identity,
  options: ConnectionOptions,
): { lease: Lease; credentials: Credentials } {
  const { address, reconnect, silenceMs } = options;
  const name = JSON.stringify([address, key, reconnect, silenceMs]);
  const all = sharedOfPage();
  let found = all.find((each) => each.name === name && each.getToken === getToken);
  if (!found) {
    found = { name, getToken, credentials: options.credentials, connection: new Connection(options), leases: 0 };
    all.push(found);
  }
  const shared = found;
  shared.leases++;
  const lease = new Lease(shared.connection, () => {
    if (--shared.leases > 0) return;
    all.splice(all.indexOf(shared), 1);
    shared.connection.close();
  });
  return { lease, credentials: shared.credentials };
}

function sharedOfPage(): Shared[] {
  const page = globalThis as { [place]?: Map<number, Shared[]> };
  const shapes = (page[place] ??= new Map<number, Shared[]>());
  const all = shapes.get(SHAPE) ?? [];
  shapes.set(SHAPE, all);
  return all;
}
