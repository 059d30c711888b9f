import { randomBytes } from 'node:crypto';
import type { BootstrapStore } from './bootstrap.store.ts';
import { hashOf, hintOf, isKeyOf, type KeyKind } from './keys.ts';
import type { Passwords } from './passwords.ts';

const EMAIL = 'owner@localhost';

/** The key of the two lines that must work right away. Everybody knows it, so it shows public streams to this machine. */
const DEMO_KEY = 'qf_pk_demo';
const DEMO_ORIGINS = [
  'http://localhost:*',
  'https://localhost:*',
  'http://127.0.0.1:*',
  'https://127.0.0.1:*',
  'http://[::1]:*',
];

export type BootstrapPorts = {
  store: BootstrapStore;
  passwords: Pick<Passwords, 'hash'>;
  /** A secret key of the operator's choice, so that automation needs nobody to copy one. */
  secretKey?: string | undefined;
};

/** `created` holds the owner's password, which is told this one time and known to nobody else. */
export type Bootstrapped = { organizationId: string; created: { email: string; password: string } | undefined };

/** Makes the first organization with its owner, when there is none yet. Two servers may do this at the same time. */
export async function bootstrap({ store, passwords, secretKey }: BootstrapPorts): Promise<Bootstrapped> {
  if (secretKey !== undefined && !isKeyOf('secret', secretKey))
    throw new Error('a bootstrap secret key must start with qf_sk_');

  const existing = await store.organization();
  if (existing !== undefined) return { organizationId: await withSecretKey(existing), created: undefined };

  const password = randomBytes(16).toString('base64url');
  const begun = await store.begin({
    name: 'QuantumFlux',
    owner: { email: EMAIL, passwordHash: await passwords.hash(password) },
    keys: [storable('publishable', 'Demo', DEMO_KEY, DEMO_ORIGINS)],
  });
  if (begun !== undefined) return { organizationId: await withSecretKey(begun), created: { email: EMAIL, password } };

  // Another server was faster.
  const organization = await store.organization();
  if (organization === undefined) throw new Error('the first organization was removed while the server started');
  return { organizationId: await withSecretKey(organization), created: undefined };

  async function withSecretKey(organization: string): Promise<string> {
    if (secretKey !== undefined) await store.addKey(organization, storable('secret', 'Bootstrap', secretKey, []));
    return organization;
  }
}

function storable(kind: KeyKind, name: string, key: string, origins: string[]) {
  return { kind, name, hash: hashOf(key), hint: hintOf(key), origins };
}
