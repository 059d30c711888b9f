import type { System } from './system.ts';

/** What is killed, in the words of the tests. The server is started again by us, PostgreSQL by the server. */
export const faults = {
  async 'the server'(system: System) {
    await system.killServer();
    await system.restartServer();
  },
  async PostgreSQL(system: System) {
    (await system.database()).kill();
  },
  async 'PostgreSQL and the server'(system: System) {
    const database = await system.database();
    const server = system.killServer();
    database.kill();
    await server;
    await system.restartServer();
  },
};

export type Fault = (system: System) => Promise<void>;
