/** How many layers (Prisma, its driver adapter, the driver) may wrap the real error. */
const MAX_DEPTH = 6;

// https://www.postgresql.org/docs/current/errcodes-appendix.html: 08 connection exception, 53 insufficient resources,
// 58 the machine beneath it (a failing disk), 57 operator intervention (shutdown, and 57014: statement timeout), 40 rolled back to let another go first,
// 55P03 waited too long for a lock, 25006 read only (a replica that is not yet, or no longer, the primary).
const sqlState = /^(08|53|57|58|40)[0-9A-Z]{3}$|^55P03$|^25006$/;

// https://www.prisma.io/docs/orm/reference/error-reference: the database is not reached, is too slow, or hung up.
const prismaCode = /^P(1001|1002|1008|1017|2024|2028|2034|2037)$/;

const networkCode =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;

// The driver throws these without a code.
const driverMessage =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client was closed|is not queryable/;

/** Whether the database, or the way to it, is the trouble: nothing is wrong with the request, and later it may work. */
export function isOutage(cause: unknown): boolean {
  return anyLayer(
    cause,
    ({ codes, message }) =>
      codes.some((each) => sqlState.test(each) || prismaCode.test(each) || networkCode.test(each)) ||
      driverMessage.test(message),
  );
}

/**
 * Whether the database gave up this one question and is well otherwise: it took too long, or was in the way of others, as
 * one at a replica that has to follow its primary (40001).
 */
export function isCancelled(cause: unknown): boolean {
  return anyLayer(cause, ({ codes }) => codes.some((each) => /^(40[0-9A-Z]{3}|57014)$/.test(each)));
}

/** Whether the database has no room left on its disk: an outage that somebody has to end. */
export function isDiskFull(cause: unknown): boolean {
  return anyLayer(cause, ({ codes }) => codes.includes('53100'));
}

/**
 * Whether the database refuses what it was given, rather than to work: a value that does not fit (class 22), a row that
 * breaks a constraint (23), more than a row can hold (54).
 */
export function isRefusal(cause: unknown): boolean {
  return anyLayer(cause, ({ codes }) => codes.some((each) => /^(22|23|54)[0-9A-Z]{3}$/.test(each)));
}

type Layer = { codes: string[]; message: string };

function anyLayer(cause: unknown, matches: (layer: Layer) => boolean, depth = 0): boolean {
  if (typeof cause !== 'object' || cause === null || depth > MAX_DEPTH) return false;
  const { code, originalCode, message, ...wrapping } = partsOf(cause);
  const codes = [code, originalCode].filter((each) => typeof each === 'string');
  if (matches({ codes, message: typeof message === 'string' ? message : '' })) return true;
  return Object.values(wrapping)
    .flat()
    .some((each) => anyLayer(each, matches, depth + 1));
}

/** Of all that an error may have: what says its kind, and what may hold the errors that it wraps. */
function partsOf(error: Partial<Record<string, unknown>>) {
  const { code, originalCode, message, cause, errors, meta, driverAdapterError } = error;
  return { code, originalCode, message, cause, errors, meta, driverAdapterError };
}
