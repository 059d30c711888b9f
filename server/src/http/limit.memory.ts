import { RateLimiterMemory } from 'rate-limiter-flexible';
import { limitOf, type CreateLimit } from './limit.ts';

/** Limits of a single server. */
export const createMemoryLimit: CreateLimit = ({ name, most, perMs }) =>
  limitOf(new RateLimiterMemory({ keyPrefix: name, points: most, duration: perMs / 1_000 }));
