import type { Channels } from './channels.ts';
import type { Clock } from './clock.ts';
import type { Credentials } from './credentials.ts';
import type { Link, ServerEvent } from './link.ts';
import type { Stop } from './options.ts';
import { watchPulse } from './pulse.ts';
import { startRenewal } from './renewal.ts';

/** A link, and who is subscribed on it. `startedAt` is local, in ms. */
export type Line = { link: Link; channels: Channels; startedAt: number };

export type UpkeepPorts = {
  clock: Clock;
  credentials: Credentials;
  silenceMs: number;
  onSilent: () => void;
  /** The server will stop: it is time to move to another one. */
  onDrain: () => void;
};

/** What an open connection needs so that it stays: signs of life, a credential that is fresh, a server that stays. */
export type Upkeep = { hear: (...event: ServerEvent) => void; stop: Stop };

export function keepUp(
  { link, channels, startedAt }: Line,
  { clock, credentials, silenceMs, onSilent, onDrain }: UpkeepPorts,
): Upkeep {
  let heardAt = Date.now();
  let drain: ReturnType<typeof setTimeout> | undefined;
  const now = () => clock.now();
  const renewal = startRenewal({ credentials, ask: link.ask, now });
  const stopPulse = watchPulse({
    ask: link.ask,
    silenceMs,
    heardAt: () => heardAt,
    isListening: () => channels.isListening,
    onSilent,
  });
  return {
    hear(...[name, payload]) {
      heardAt = Date.now();
      if (name === 'welcome') {
        clock.learn(payload.now, { askedAt: startedAt, answeredAt: heardAt });
        renewal.endsIn(payload.expiresAt && payload.expiresAt - payload.now);
      } else if (name === 'auth.refresh') {
        renewal.asked(payload.expiresAt - now());
      } else if (name === 'drain') {
        clearTimeout(drain);
        drain = setTimeout(onDrain, payload.afterMs);
      }
    },
    stop() {
      clearTimeout(drain);
      renewal.stop();
      stopPulse();
    },
  };
}
