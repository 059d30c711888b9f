import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import type { Refused } from './format.ts';

/** With more that is not in order, nothing of the body is taken. */
const MAX_REFUSALS = 1_000;

/** Both together; what is said is of the first. */
export function joinRefused(a: Refused | undefined, b: Refused | undefined): Refused | undefined {
  return a && b ? { ...a, points: a.points + b.points } : (a ?? b);
}

/** Keeps what cannot be stored from refusing what can. */
export class Refusals {
  #refused: Refused | undefined;
  #count = 0;

  get refused(): Refused | undefined {
    return this.#refused;
  }

  /** Runs `take`. When it finds that something is `invalid_input`, so many points are refused. */
  attempt(points: number, take: () => void): void {
    try {
      take();
    } catch (error) {
      if (!(error instanceof QuantumFluxError) || error.code !== 'invalid_input' || ++this.#count > MAX_REFUSALS) {
        throw error;
      }
      this.#refused ??= { points: 0, message: error.message };
      this.#refused.points += points;
    }
  }
}
