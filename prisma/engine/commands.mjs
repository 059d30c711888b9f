import { connectionOptions, identifier, runOnce } from './connect.mjs';

/** A command of the engine that is no JSON-RPC: answered by the exit code, and an error as a line of JSON on stderr. */
export async function runCommand(command, url) {
  try {
    await run(command, url);
  } catch (error) {
    const { database } = connectionOptions(url);
    const code = prismaCode(error);
    const message =
      code === 'P1003'
        ? `Database \`${database}\` does not exist`
        : `Can't reach database server: ${error.message || error.code}`;
    const fields = { message, error_code: code };
    process.stderr.write(`\n${JSON.stringify({ level: 'ERROR', target: 'schema_engine::logger', fields })}`);
    process.exitCode = 1;
  }
}

async function run(command, url) {
  const { database } = connectionOptions(url);
  switch (command) {
    case 'can-connect-to-database':
      return runOnce(connectionOptions(url), 'SELECT 1');
    case 'create-database':
      return runOnce(connectionOptions(url, 'postgres'), `CREATE DATABASE ${identifier(database)}`);
    case 'drop-database':
      return runOnce(connectionOptions(url, 'postgres'), `DROP DATABASE IF EXISTS ${identifier(database)}`);
    default:
      throw new Error(`unknown command ${command}`);
  }
}

/** https://www.prisma.io/docs/orm/reference/error-reference, from the codes of PostgreSQL and of the network. */
function prismaCode({ code = '', message }) {
  if (code === '3D000') return 'P1003';
  if (code === '28P01' || code === '28000') return 'P1000';
  return /^(ECONN|ENOTFOUND|ETIMEDOUT|EHOST)/.test(code) || /timeout/.test(message) ? 'P1001' : 'P1011';
}
