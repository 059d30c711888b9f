/** Where Redis is, in which form. */
export type RedisAddress = {
  /** One server; the master that these sentinels know under a name; or a cluster that these servers belong to. */
  form: { is: 'single' } | { is: 'sentinel'; master: string } | { is: 'cluster' };
  /** The server, or as many sentinels or members of the cluster as are named: any of them will do. */
  nodes: readonly { host: string; port: number }[];
  username?: string | undefined;
  password?: string | undefined;
  /** Of the sentinels, when they ask for one. */
  sentinelPassword?: string | undefined;
  /** The number of the database. */
  db: number;
  /** Encrypted, and only to servers whose certificate is by one of ours, or else by one that the system trusts. */
  tls: { ca?: string | undefined } | undefined;
};

const SHAPE =
  /^(?<scheme>rediss?)(?:\+(?<form>sentinel|cluster))?:\/\/(?:(?<user>[^@/?#]*)@)?(?<nodes>[^@/?#]+)(?:\/(?<path>[^?#]*))?(?:\?(?<query>[^#]*))?$/;
const NODE = /^(?<host>\[[\da-f:.]+\]|[^\s:[\]]+)(?::(?<port>\d{1,5}))?$/i;

/**
 * Reads `redis://user:pass@host:6379/0`, `redis+sentinel://user:pass@host:26379,host:26379/master?sentinelPassword=pass` or
 * `redis+cluster://user:pass@host:6379,host:6379`; with TLS, `rediss`. A text that is none says in a sentence what is wrong.
 */
export function readRedisAddress(text: string): RedisAddress | { wrong: string } {
  const { scheme, form = 'single', user, nodes: list, path = '', query } = SHAPE.exec(text)?.groups ?? {};
  if (!scheme || !list) {
    return {
      wrong:
        'must look like redis://host:6379, redis+sentinel://host:26379,host:26379/master or redis+cluster://host:6379,host:6379; with TLS, rediss',
    };
  }
  const nodes = list.split(',').map((node) => nodeOf(node, form === 'sentinel' ? 26_379 : 6_379));
  if (!nodes.every((node) => node !== undefined))
    return { wrong: 'must name each server as host:port, with commas between' };
  if (form === 'single' && nodes.length > 1)
    return { wrong: 'names several servers: say redis+sentinel:// or redis+cluster://' };
  const [first = '', second, ...more] = path.split('/');
  const [master, db] = form === 'sentinel' ? [first, second] : ['', first];
  if (form === 'sentinel' && first === '')
    return { wrong: 'must name the master after the sentinels: redis+sentinel://host:26379,host:26379/master' };
  if (form === 'cluster' && first !== '') return { wrong: 'names a database, and a cluster has none' };
  if (more.length > 0 || (form !== 'sentinel' && second !== undefined) || !/^\d*$/.test(db ?? ''))
    return { wrong: 'must end with the number of the database, or with nothing' };
  const options = new URLSearchParams(query);
  const unknown = [...options.keys()].filter((name) => form !== 'sentinel' || name !== 'sentinelPassword');
  if (unknown.length > 0) return { wrong: `has options that are not known: ${unknown.join(', ')}` };
  const [username, password] = credentialsOf(user);
  if (username === undefined) return { wrong: 'has a user or a password that is not percent-encoded' };
  return {
    form: form === 'sentinel' ? { is: 'sentinel', master } : { is: form === 'cluster' ? 'cluster' : 'single' },
    nodes,
    username: username || undefined,
    password: password || undefined,
    sentinelPassword: options.get('sentinelPassword') ?? undefined,
    db: Number(db || 0),
    tls: scheme === 'rediss' ? {} : undefined,
  };
}

/** For addresses that are known to be right. */
export function redisAddress(text: string): RedisAddress {
  const address = readRedisAddress(text);
  if ('wrong' in address) throw new Error(`The address of Redis ${address.wrong}.`);
  return address;
}

function nodeOf(text: string, usual: number): { host: string; port: number } | undefined {
  const { host, port } = NODE.exec(text)?.groups ?? {};
  if (!host || Number(port ?? usual) > 65_535) return undefined;
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port ?? usual) };
}

/** User and password; undefined when they cannot be read. */
function credentialsOf(user = ''): [string, string] | [undefined] {
  const colon = user.indexOf(':');
  try {
    return colon < 0
      ? [decodeURIComponent(user), '']
      : [decodeURIComponent(user.slice(0, colon)), decodeURIComponent(user.slice(colon + 1))];
  } catch {
    return [undefined];
  }
}
