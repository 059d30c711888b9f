/** How many layers (Prisma, its driver adapter, the driver) may wrap the real error. */
const MAX_DEPTH = 6;

// https://www.postgresql.org/docs/current/errcodes-appendix.html: 08 connection exception, 53 insufficient resources,
// 57 operator intervention (shutdown, and 57014: statement timeout), 40 rolled back to let another go first,
// 55P03 waited too long for a lock, 25006 read only (a replica that is not yet, or no longer, the primary).
const sqlState = /^(08|53|57|40)[0-9A-Z]{3}$|^55P03$|^25006$/;

// https://www.prisma.io/docs/orm/reference/error-reference: the database is not reached, is too slow, or hung up.
const prismaCode = /^P(1001|1002|1008|1017|2024|2028|2034|2037)$/;

const networkCode =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;

// The driver throws these without a code.
const driverMessage =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client was closed/;

/** Whether the database, or the way to it, is the trouble: nothing is wrong with the request, and later it may work. */
export function isOutage(cause: unknown, depth = 0): boolean {
  if (typeof cause !== 'object' || cause === null || depth > MAX_DEPTH) return false;
  const { code, originalCode, message, ...wrapping } = partsOf(cause);
  const codes = [code, originalCode].filter((each) => typeof each === 'string');
  if (codes.some((each) => sqlState.test(each) || prismaCode.test(each) || networkCode.test(each))) return true;
  if (typeof message === 'string' && driverMessage.test(message)) return true;
  return Object.values(wrapping)
    .flat()
    .some((each) => isOutage(each, depth + 1));
}

/** Of all that an error may have: what says its kind, and what may hold the errors that it wraps. */
function partsOf(error: Partial<Record<string, unknown>>) {
  const { code, originalCode, message, cause, errors, meta, driverAdapterError } = error;
  return { code, originalCode, message, cause, errors, meta, driverAdapterError };
}
