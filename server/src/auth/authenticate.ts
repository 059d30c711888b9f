import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import { z } from 'zod';
import type { Cache } from '../cache/cache.ts';
import type { Authenticate, Caller } from '../http/caller.ts';
import { hashOf, keyKinds, looksLikeKey } from './keys.ts';
import { allowsOrigin } from './origins.ts';
import { permissionsOf, roles } from './permissions.ts';
import type { Tokens } from './tokens.ts';

/**
 * How long it is not looked again who somebody is, in ms. A revoked key may be remembered for so long where its
 * revocation was not heard of, or was overtaken by an answer from before it; and a user who was removed. A6 allows 5 s.
 */
const KNOWN_MS = 2_000;

/** How long nobody is looked for again, in ms: a program with a wrong key asks all the time. */
const UNKNOWN_MS = 5_000;

const knownKey = z.object({
  id: z.string(),
  organization: z.string(),
  kind: z.enum(keyKinds),
  origins: z.array(z.string()),
});
const knownUser = z.object({ id: z.string(), organization: z.object({ id: z.string() }), role: z.enum(roles) });

/** What is asked of others to find out who is asking. */
export type Registry = {
  tokens: Pick<Tokens, 'read'>;
  users: { withId(id: string): Promise<z.input<typeof knownUser> | undefined> };
  keys: { withHash(hash: Uint8Array<ArrayBuffer>): Promise<z.input<typeof knownKey> | undefined> };
  cache: Cache;
};

/** The one place that turns a key or a token into a caller; for every way in: HTTP, points, sockets. */
export function createAuthenticate({ tokens, users, keys, cache }: Registry): Authenticate {
  async function remembered<Schema extends z.ZodType>(
    place: string,
    schema: Schema,
    find: () => Promise<z.input<Schema> | undefined>,
  ): Promise<z.output<Schema> | null> {
    const known = await cache.get(place, schema.nullable());
    if (known !== undefined) return known;
    const found = await find();
    await cache.set(place, found ?? null, { ttlMs: found === undefined ? UNKNOWN_MS : KNOWN_MS });
    return found === undefined ? null : schema.parse(found);
  }

  async function callerOfKey(key: string, origin: string | undefined): Promise<Caller> {
    const hash = hashOf(key);
    const known = await remembered(placeOfKey(hash), knownKey, () => keys.withHash(hash));
    if (!known) throw new QuantumFluxError('unauthenticated', 'There is no such API key, or it was revoked.');
    if (known.kind === 'publishable') demandOrigin(known.origins, origin);
    return {
      organization: known.organization,
      subject: `key:${known.id}`,
      permissions: permissionsOf(known.kind),
      publicOnly: known.kind === 'publishable',
      expiresAt: null,
    };
  }

  async function callerOfToken(token: string): Promise<Caller> {
    const claims = tokens.read(token);
    const known = await remembered(`auth:user:${claims.user}`, knownUser, () => users.withId(claims.user));
    if (known?.organization.id !== claims.organization) {
      throw new QuantumFluxError('unauthenticated', 'This user does not exist any more.');
    }
    return {
      organization: claims.organization,
      subject: `user:${claims.user}`,
      // The role of now, not the one of when the token was made.
      permissions: permissionsOf(known.role),
      publicOnly: false,
      expiresAt: claims.expiresAt,
    };
  }

  return async ({ bearer, origin }) => {
    if (bearer === undefined) throw new QuantumFluxError('unauthenticated', NOTHING_SENT);
    return looksLikeKey(bearer) ? callerOfKey(bearer, origin) : callerOfToken(bearer);
  };
}

const NOTHING_SENT =
  'Say who you are: send the header Authorization: Bearer … with an API key (qf_…) or with the access token that ' +
  'POST /api/v1/auth/login gives.';

/** Where the cache remembers a key, by the hash that is stored of it. */
export function placeOfKey(hash: Uint8Array): string {
  return `auth:key:${Buffer.from(hash).toString('hex')}`;
}

// A guard against other sites' pages, not a secret: a program can say any origin. Hence public streams only.
function demandOrigin(origins: string[], origin: string | undefined): void {
  if (origin === undefined) {
    const message =
      'Publishable keys (qf_pk_…) work in browsers only, and no page’s origin was sent. A program needs a secret key.';
    throw new QuantumFluxError('forbidden', message);
  }
  if (allowsOrigin(origins, origin)) return;
  throw new QuantumFluxError(
    'forbidden',
    `Pages of ${origin.slice(0, 200)} may not use this key: it was made for other origins.`,
  );
}
