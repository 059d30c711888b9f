import type { IncomingHttpHeaders } from 'node:http';
import type { Credentials } from './caller.ts';

/** What the headers show of their sender. Never the URL: it is kept in logs, histories and other sites' statistics. */
export function credentialsOf(headers: IncomingHttpHeaders, { encrypted = false } = {}): Credentials {
  return { bearer: bearerOf(headers.authorization), origin: originOf(headers, encrypted) };
}

function bearerOf(authorization: string | undefined): string | undefined {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(authorization?.trim() ?? '') ?? [];
  return bearer;
}

// Browsers leave Origin out when a page reads from its own server; then they say so in a header that no page can set.
function originOf(
  { origin, host, 'sec-fetch-site': site }: IncomingHttpHeaders,
  encrypted: boolean,
): string | undefined {
  if (origin !== undefined) return origin;
  if (site !== 'same-origin' || host === undefined) return undefined;
  return `${encrypted ? 'https' : 'http'}://${host}`;
}
