import type { ContextEvent } from '@lit/context';
import { clientContext, type LiveClient } from './client.ts';

/**
 * Gives every widget that stands in no provider a client, which is made when the first of them asks. The document
 * itself answers, so that widgets of another copy of us are served too; the first copy that offers a client wins.
 */
export function provideDefaultClient(make: () => LiveClient): void {
  let client: LiveClient | undefined;
  document.addEventListener('context-request', (event) => {
    const { context, callback } = event as ContextEvent<typeof clientContext>;
    if (context !== clientContext) return;
    event.stopImmediatePropagation();
    callback((client ??= make()));
  });
  // Widgets that were there before us have asked in vain; this makes them ask again.
  document.dispatchEvent(Object.assign(new Event('context-provider'), { context: clientContext }));
}
