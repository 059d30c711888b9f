import { connect } from '@quantumflux/sdk';
import { provideDefaultClient } from './base/default-client.ts';

export { connect };
export * from './index.ts';

// The script comes from the server that has the data, and its address may carry the key:
// https://flux.example.com/sdk/quantumflux.js?key=qf_pk_…
provideDefaultClient(() => {
  const script = new URL(import.meta.url);
  const key = script.searchParams.get('key');
  return connect({ url: new URL('..', script).href, ...(key && { key }) });
});
