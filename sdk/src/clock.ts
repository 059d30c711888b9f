/** The server's clock, as far as replies tell it. */
export class Clock {
  #offsetMs = 0;
  #uncertaintyMs = Infinity;

  /** The server's time in ms since the epoch; the local time until a reply told it. */
  now(): number {
    return Date.now() + this.#offsetMs;
  }

  /** A reply told the time `now`; local times in ms. The quickest reply of a connection is the surest. */
  learn(now: number, { askedAt, answeredAt }: { askedAt: number; answeredAt: number }): void {
    const uncertaintyMs = (answeredAt - askedAt) / 2;
    if (uncertaintyMs > this.#uncertaintyMs) return;
    this.#uncertaintyMs = uncertaintyMs;
    this.#offsetMs = now - (askedAt + answeredAt) / 2;
  }

  /** Trusts the next reply whatever it is: clocks drift, and laptops sleep. */
  forget(): void {
    this.#uncertaintyMs = Infinity;
  }
}
