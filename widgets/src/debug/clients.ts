import { ContextEvent } from '@lit/context';
import type { Diagnostics } from '@quantumflux/sdk';
import { clientContext, type LiveClient } from '../base/client.ts';

/** A client that tells how it does; others may be in a page too, but say nothing. */
export type TellingClient = LiveClient & { diagnostics(): Diagnostics };

/** All clients that draw something in the page, found by asking in the name of each of our elements. */
export function clientsOfPage(): TellingClient[] {
  const found = new Set<LiveClient>();
  const askers = document.querySelectorAll('quantumflux-chart, quantumflux-stat, quantumflux-debug');
  for (const asker of askers)
    asker.dispatchEvent(new ContextEvent(clientContext, asker, (client) => found.add(client)));
  return [...found].filter((client): client is TellingClient => 'diagnostics' in client);
}
