import type { Credentials } from '../http/caller.ts';
import { credentialsOf } from '../http/credentials.ts';
import type { Ask } from './format.ts';

/**
 * What a write shows of its sender. Agents cannot always be told which header to send, so a key also counts as
 * `Token <key>` and `Token <name>:<key>` (InfluxDB), and as the password of Basic. Never in the URL.
 */
export function agentCredentials({ headers }: Pick<Ask, 'headers'>): Credentials {
  const [, scheme = '', given = ''] = /^(Token|Basic) +(\S+)$/i.exec(headers.authorization?.trim() ?? '') ?? [];
  if (scheme === '') return credentialsOf(headers);
  const named = scheme.toLowerCase() === 'basic' ? Buffer.from(given, 'base64').toString() : given;
  return { ...credentialsOf(headers), bearer: named.slice(named.indexOf(':') + 1) };
}
