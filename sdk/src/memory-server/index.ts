export { createMemoryServer, type MemoryServer, type MemoryServerOptions } from './server.ts';
