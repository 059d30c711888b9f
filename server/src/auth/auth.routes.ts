import { endpoints, QuantumFluxError } from '@quantumflux/sdk/protocol';
import { createKeyRequest, loginRequest, revokeKeyRequest } from '@quantumflux/sdk/protocol/schemas';
import { Router } from 'express';
import { z } from 'zod';
import { openRoute, route } from '../http/route.ts';
import type { KeyService } from './keys.service.ts';
import type { Login } from './login.service.ts';
import type { UserStore } from './users.store.ts';

export type AuthRoutePorts = { login: Login; keys: KeyService; users: Pick<UserStore, 'withId' | 'organization'> };

const nothing = z.strictObject({});

/** Signing in, and the API keys of the caller's organization. */
export function authRoutes({ login, keys, users }: AuthRoutePorts): Router {
  const router = Router();

  openRoute(router, endpoints.login, loginRequest, (attempt, { req }) => login({ ...attempt, address: req.ip ?? '' }));

  route(router, endpoints.me, nothing, 'authenticated', async (_, caller) => {
    const [kind, id = ''] = caller.subject.split(':');
    const user = kind === 'user' ? await users.withId(id) : undefined;
    const organization = await users.organization(caller.organization);
    if (!organization) throw new QuantumFluxError('not_found', 'This organization does not exist any more.');
    return {
      subject: caller.subject,
      organization,
      permissions: [...caller.permissions],
      user: user ? { id: user.id, email: user.email, role: user.role } : null,
    };
  });

  route(router, endpoints.createKey, createKeyRequest, 'keys.manage', (wish, caller, { res }) => {
    res.status(201);
    return keys.create(caller.organization, wish);
  });

  route(router, endpoints.listKeys, nothing, 'keys.manage', async (_, caller) => {
    return { keys: await keys.list(caller.organization) };
  });

  route(router, endpoints.revokeKey, revokeKeyRequest, 'keys.manage', ({ id }, caller) =>
    keys.revoke(caller.organization, id),
  );

  return router;
}
