import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import type { Bus } from '../bus/bus.ts';
import type { Cache } from '../cache/cache.ts';
import { placeOfKey } from './authenticate.ts';
import { hashOf, hintOf, newKey, type KeyKind } from './keys.ts';
import type { KeyStore, StoredKey } from './keys.store.ts';

export type KeyPorts = { keys: Pick<KeyStore, 'add' | 'of' | 'revoke'>; cache: Cache; bus: Bus };

/** What somebody wants of a new key. `origins` is for publishable keys. */
export type KeyWish = { kind: KeyKind; name: string; origins?: string[] };

/** The API keys of an organization. */
export function createKeyService({ keys, cache, bus }: KeyPorts) {
  return {
    /** The answer has the whole key, this one time. */
    async create(organization: string, { kind, name, origins = [] }: KeyWish) {
      const key = newKey(kind);
      const stored = await keys.add({ organization, kind, name, origins, hash: hashOf(key), hint: hintOf(key) });
      return { ...shown(stored), key };
    },

    async list(organization: string) {
      return (await keys.of(organization)).map(shown);
    },

    /** It stops working at once, and on servers that do not hear of it within seconds (see authenticate.ts). */
    async revoke(organization: string, id: string): Promise<void> {
      const hash = await keys.revoke(organization, id);
      if (!hash) throw new QuantumFluxError('not_found', 'There is no such API key.');
      await cache.delete(placeOfKey(hash));
      // Sockets that came with this key hear of it and are closed.
      await bus.publish('keys', { id });
    },
  };
}

export type KeyService = ReturnType<typeof createKeyService>;

function shown({ organization: _, createdAt, ...key }: StoredKey) {
  return { ...key, createdAt: createdAt.toISOString() };
}
