// The default client comes first: tags that are already in the page come to life with the imports below, and ask for it.
import './cdn-client.ts';

export { connect } from '@quantumflux/sdk';
export * from './index.ts';
