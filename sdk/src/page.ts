import type { Address } from './address.ts';
import type { Stop } from './options.ts';

// What a browser knows of the network and of its user. Where there is no page, in Node, nothing of it ever happens.

type Page = Partial<Pick<Window, 'addEventListener' | 'removeEventListener' | 'document' | 'navigator'>>;

/** Whether the browser is sure that nothing of the network can be reached. This machine always can. */
export function isOffline({ origin }: Address): boolean {
  return page().navigator?.onLine === false && !/\/\/(localhost|127\.[\d.]+|\[::1])(:\d+)?$/.test(origin);
}

/** Calls back when the browser joins or leaves a network. */
export function onNetwork(change: 'online' | 'offline', call: () => void): Stop {
  return on(page(), change, call);
}

/** Calls back when the page was hidden and is looked at again. */
export function onVisible(call: () => void): Stop {
  const { document } = page();
  return on(document, 'visibilitychange', () => {
    if (document?.visibilityState === 'visible') call();
  });
}

/** Read anew each time: a test, or a page that is taken over, may change it. */
function page(): Page {
  return globalThis;
}

function on(
  target: Pick<Page, 'addEventListener' | 'removeEventListener'> | undefined,
  event: string,
  call: () => void,
) {
  target?.addEventListener?.(event, call);
  return () => void target?.removeEventListener?.(event, call);
}
