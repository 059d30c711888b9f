/** The server's clock, as far as replies tell it. */
export class Clock {
  #aheadMs = 0;

  /** The server's time in ms since the epoch; the local time until a reply proved that wrong. */
  now(): number {
    return Date.now() + this.#aheadMs;
  }

  /** A reply told the server's time `now`. It was so at some moment between asking and the answer, both local, in ms. */
  learn(now: number, { askedAt, answeredAt }: { askedAt: number; answeredAt: number }): void {
    const [least, most] = [now - answeredAt, now - askedAt];
    // What we believe may be true, so it stays: slow replies do not spoil what quick ones told.
    if (least <= this.#aheadMs && this.#aheadMs <= most) return;
    this.#aheadMs = (least + most) / 2;
  }
}
