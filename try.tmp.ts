import { startEmbeddedPostgres } from './server/src/database/embedded.postgres.ts';
const log = { error: console.error, warn: console.warn, info: console.info };
const p = await startEmbeddedPostgres({ dir: process.argv[2], log });
console.log(p.url);
process.on('SIGTERM', () => void p.stop().then(() => process.exit(0)));
