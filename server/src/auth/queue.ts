import { comeBackIn } from '../http/errors.ts';

export type QueueOptions = {
  /** How many run at a time. */
  running: number;
  /** How many may wait for their turn. More are refused, so that the wait stays short. */
  waiting: number;
};

/** Runs work a few at a time, in the order it came. */
export function createQueue({ running, waiting }: QueueOptions) {
  const turns: (() => void)[] = [];
  let busy = 0;

  async function takeTurn(): Promise<void> {
    if (busy < running) {
      busy += 1;
      return;
    }
    if (turns.length >= waiting)
      throw comeBackIn(5_000, 'rate_limited', 'Too many people sign in at the moment. Try again in 5 s.');
    await new Promise<void>((go) => turns.push(go));
  }

  function passTurn(): void {
    const next = turns.shift();
    if (next) next();
    else busy -= 1;
  }

  return async function run<T>(work: () => Promise<T>): Promise<T> {
    await takeTurn();
    try {
      return await work();
    } finally {
      passTurn();
    }
  };
}
