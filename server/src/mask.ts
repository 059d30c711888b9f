/** Deeper than any error chain or request; a log line is no place for a tree. */
const MAX_DEPTH = 8;

/** Longer texts are cut, so that one entry cannot fill a disk. */
const MAX_TEXT = 8_000;

const MASK = '***';

/** Secrets that can be told by how they look, and what is left of each. */
const looks: [RegExp, string][] = [
  [/\bqf_(sk|ik)_[\w-]+/g, `qf_$1_${MASK}`],
  [/\beyJ[\w-]*\.[\w-]+\.[\w-]*/g, MASK],
  // The password of an address. It may hold any character but white space, also an @.
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@"']*):[^\s"']*@/gi, `$1:${MASK}@`],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${MASK}`],
  [/\b(password|token|secret|pepper)(=|%3D)[^\s&"']+/gi, `$1$2${MASK}`],
];

/** What every one of them has: to look for this first is quicker, and most texts have nothing of it. */
const anyLook = /qf_|eyJ|:\/\/|bearer|basic|password|token|secret|pepper/i;

/** Words in the name of a field that say: the value is a secret. `key` only as the last one: a `keyId` is none. */
const secretWord = /^(password|passwd|pass|pwd|tokens?|authorization|secrets?|pepper|cookies?|credentials?|bearer)$/;
const lastSecretWord = /^keys?$/;

/** The same for names. */
const anySecretWord = /pass|pwd|token|authorization|secret|pepper|cookie|credential|bearer|key/i;

/** The text with its secrets masked. */
export function withoutSecretsText(text: string): string {
  // Cut first, so that masking is quick, but never through a word: half a secret may not look like one.
  const kept =
    text.length > MAX_TEXT ? text.slice(0, MAX_TEXT).replace(/\S{0,500}$/, `… (${text.length} characters)`) : text;
  if (!anyLook.test(kept)) return kept;
  return looks.reduce((rest, [pattern, mask]) => rest.replace(pattern, mask), kept);
}

/** The same as plain JSON, with errors spelled out, and with every secret masked. */
export function withoutSecrets(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return withoutSecretsText(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  // Also what stops the walk round a cycle.
  if (depth >= MAX_DEPTH) return '…';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (Array.isArray(value)) return value.map((each) => withoutSecrets(each, depth + 1));
  if (value instanceof Set) return withoutSecrets([...value], depth);
  if (value instanceof Map) return withoutSecrets(Object.fromEntries(value), depth);
  const fields = Object.entries(value instanceof Error ? fieldsOf(value) : value);
  return Object.fromEntries(
    fields.map(([name, field]) => [name, isSecret(name, field) ? MASK : withoutSecrets(field, depth + 1)]),
  );
}

/** What JSON leaves out of an error comes first; then what it carries besides. */
function fieldsOf(error: Error): object {
  const { name, message, stack, cause } = error;
  // PostgreSQL quotes the row that offends in `detail`; the data of users is not for the log.
  return Object.assign({ name, message }, error, cause === undefined ? {} : { cause }, { detail: undefined, stack });
}

function isSecret(name: string, value: unknown): boolean {
  // A number or a yes or no tells about a secret, but is none.
  if (value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean') return false;
  if (!anySecretWord.test(name)) return false;
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  return words.some((word) => secretWord.test(word)) || lastSecretWord.test(words.at(-1) ?? '');
}
