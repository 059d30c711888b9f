import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { roles, type Role } from './permissions.ts';

/** How long an access token is good for, in seconds. */
export const TOKEN_SECONDS = 15 * 60;

/** How far the clocks of two servers may differ, in seconds. */
const LEEWAY = 5;

/** Ours are about 350 characters. */
const MAX_LENGTH = 2_048;

const issuer = 'quantumflux';
const audience = 'api';
const type = 'at+jwt';

export type Claims = {
  user: string;
  organization: string;
  role: Role;
  /** In ms since the epoch. */ expiresAt: number;
};

// Strict: jsonwebtoken passes over `crit` and other headers that change what a token means, and takes any payload.
const header = z.strictObject({ alg: z.literal('HS256'), typ: z.literal(type) });
const payload = z
  .strictObject({
    iss: z.literal(issuer),
    aud: z.literal(audience),
    sub: z.uuid(),
    org: z.uuid(),
    role: z.enum(roles),
    iat: z.int(),
    exp: z.int(),
  })
  .refine(({ iat, exp }) => exp > iat && exp - iat <= TOKEN_SECONDS);
const token = z.object({ header, payload });

/** Makes access tokens for people who signed in, and reads them. `secret` has at least 256 bits. */
export function createTokens({ secret, now = Date.now }: { secret: string; now?: () => number }) {
  if (Buffer.byteLength(secret) < 32) throw new Error('the secret of the tokens must have at least 32 bytes');
  const seconds = () => Math.floor(now() / 1_000);

  return {
    issue({ user, organization, role }: Omit<Claims, 'expiresAt'>): string {
      const iat = seconds();
      const claims = { iss: issuer, aud: audience, sub: user, org: organization, role, iat, exp: iat + TOKEN_SECONDS };
      return jwt.sign(claims, secret, { algorithm: 'HS256', header: { alg: 'HS256', typ: type } });
    },

    /** What a token says, when it is one of ours and still good. Everything else is `unauthenticated`. */
    read(text: string): Claims {
      const { payload } = open(text);
      // A token of the future was made by a clock we cannot trust, or not by us.
      if (payload.iat > seconds() + LEEWAY) throw refused();
      return { user: payload.sub, organization: payload.org, role: payload.role, expiresAt: payload.exp * 1_000 };
    },
  };

  function open(text: string): z.output<typeof token> {
    if (text.length > MAX_LENGTH) throw refused();
    try {
      return token.parse(
        jwt.verify(text, secret, {
          // Said by us: the token's own word for it would let anyone choose how it is checked.
          algorithms: ['HS256'],
          issuer,
          audience,
          clockTolerance: LEEWAY,
          clockTimestamp: seconds(),
          complete: true,
        }),
      );
    } catch (cause) {
      throw refused(cause);
    }
  }
}

export type Tokens = ReturnType<typeof createTokens>;

function refused(cause?: unknown): QuantumFluxError {
  const message =
    cause instanceof jwt.TokenExpiredError
      ? 'The access token has expired. Sign in again.'
      : 'This is neither an API key nor an access token of this server.';
  return new QuantumFluxError('unauthenticated', message, { cause });
}
