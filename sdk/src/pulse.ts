import { NO_CHANNEL, type Ask } from './link.ts';
import type { Stop } from './options.ts';
import { onVisible } from './page.ts';

/** How long the answer to a question may take whose only point is that there is one, in ms. */
const PROBE_MS = 5_000;

export type PulsePorts = {
  ask: Ask;
  silenceMs: number;
  /** When the server was last heard of, in ms of the local clock. */
  heardAt: () => number;
  /** Whether the server has something to say: it does not where nobody subscribed. */
  isListening: () => boolean;
  onSilent: () => void;
};

/** Finds a connection that is dead long before the network says so: a laptop that slept, a router that forgot it (H2). */
export function watchPulse({ ask, silenceMs, heardAt, isListening, onSilent }: PulsePorts): Stop {
  const period = silenceMs / 3;
  let probe: ReturnType<typeof setTimeout> | undefined;
  let checkedAt = Date.now();
  let answeredAt = checkedAt;
  let listensSince = checkedAt;

  const lastSign = () => Math.max(heardAt(), answeredAt, listensSince);

  function check(): void {
    const now = Date.now();
    // Nothing ran for a while, this check neither: then what the server said meanwhile has not been read yet.
    const slept = now - checkedAt > 2 * period;
    checkedAt = now;
    if (!isListening()) listensSince = now;
    if (now - lastSign() <= silenceMs) return;
    if (slept) probeNow();
    else onSilent();
  }

  /** Whatever the answer is, it is one. */
  function probeNow(): void {
    const before = lastSign();
    clearTimeout(probe);
    probe = setTimeout(
      () => {
        if (lastSign() === before) onSilent();
      },
      Math.min(PROBE_MS, silenceMs),
    );
    const answer = () => void (answeredAt = Date.now());
    ask('unsubscribe', { channel: NO_CHANNEL }).then(answer, answer);
  }

  const timer = setInterval(check, period);
  const stopWatching = onVisible(probeNow);
  return () => {
    clearInterval(timer);
    clearTimeout(probe);
    stopWatching();
  };
}
