import { connect } from '@quantumflux/sdk';
import { provideDefaultClient } from './base/default-client.ts';

export { connect };
export * from './index.ts';

const script = new URL(import.meta.url);

// The script comes from the server that has the data, and its address may carry the key:
// https://flux.example.com/sdk/quantumflux.js?key=qf_pk_…
provideDefaultClient(() => {
  const key = script.searchParams.get('key');
  return connect({ url: new URL('..', script).href, ...(key && { key }) });
});

// Beside it is what tells how it all does: a file of its own, for those who look.
if (location.search.includes('qf-debug')) void import(new URL('quantumflux-debug.js', script).href);
