import { ContextProviderEvent, type ContextRequestEvent } from '@lit/context';
import { clientContext, type LiveClient } from './client.ts';

/**
 * Gives every widget that stands in no provider a client, which is made when the first of them asks. The document
 * itself answers, so that widgets of another copy of us are served too; the first copy that offers a client wins.
 */
export function provideDefaultClient(make: () => LiveClient): void {
  let client: LiveClient | undefined;
  document.addEventListener('context-request', (event: ContextRequestEvent<typeof clientContext>) => {
    if (event.context !== clientContext) return;
    event.stopImmediatePropagation();
    event.callback((client ??= make()));
  });
  // Widgets that were there before us asked in vain, and ask again.
  document.dispatchEvent(new ContextProviderEvent(clientContext, document.documentElement));
}
