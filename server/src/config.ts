import { z } from 'zod';

/** How the server is to run, as the environment says it. Without the address of a service, its work is done here. */
export type Config = Readonly<z.infer<ReturnType<typeof environment>>> & {
  /** Whether the database is our own, under DATA_DIR. */
  readonly isEmbedded: boolean;
};

/** Checks the environment. All its mistakes are named at once, without the values, which may be secrets. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  // Compose files and shells cannot unset a variable; they hand over an empty one.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const isEmbedded = given['DATABASE_URL'] === undefined;
  if (given['NODE_ENV'] !== 'test') delete given['SABOTAGE'];
  const config = environment({ isEmbedded }).safeParse(given);
  if (config.success) return { ...config.data, isEmbedded };
  const mistakes = config.error.issues.map(({ path, message }) => `  ${path.join('.')} ${message}.`);
  throw new Error(`The environment is not right:\n${[...new Set(mistakes)].join('\n')}`);
}

function environment({ isEmbedded }: { isEmbedded: boolean }) {
  return z.object({
    /** Where the server listens. 0 lets the system choose. */
    PORT: z.string().regex(/^\d+$/, portRange).transform(Number).pipe(z.number().max(65_535, portRange)).default(5_000),
    HOST: z.string().default('127.0.0.1'),
    /** Holds the embedded database and the generated secrets. */
    DATA_DIR: z.string().default('.quantumflux'),
    /** PostgreSQL 15 or newer. Without it: an embedded one. */
    DATABASE_URL: address('postgres://user:password@host:5432/name', /^postgres(ql)?$/).optional(),
    /** Copies that follow the database, for reads; separated by commas. */
    DATABASE_REPLICA_URLS: replicaUrls(isEmbedded),
    /** Redis, for more than one server. Without it: hints, cache and limits stay in this process. */
    REDIS_URL: address('redis://host:6379 or rediss://host:6379', /^rediss?$/).optional(),
    /** A secret key that exists from the first start on, so that automation needs no one to copy one. */
    BOOTSTRAP_SECRET_KEY: z
      .string()
      .regex(/^qf_sk_[\w-]{32,}$/, 'must be qf_sk_ and at least 32 letters, digits, - or _')
      .optional(),
    /** Record this machine as streams `host.*`. */
    HOST_METRICS: yesOrNo.default(isEmbedded),
    LOG_LEVEL: z.enum(['error', 'warn', 'info'], 'must be error, warn or info').default('info'),
    /** Signs tokens. Embedded: generated (see secrets.ts). */
    TOKEN_SECRET: secret(isEmbedded),
    /** Mixed into passwords before they are hashed. Embedded: generated (see secrets.ts). */
    PASSWORD_PEPPER: secret(isEmbedded),
    NODE_ENV: z.string().default('development'),
    /** Breaks a promise, so that tests can prove that they notice (see ingest/sabotage.ts). Read only where NODE_ENV=test. */
    SABOTAGE: z.enum(['ack-before-commit', 'no-dedup']).optional(),
  });
}

const portRange = 'must be a whole number from 0 to 65535';

const words: Record<string, boolean> = { on: true, true: true, 1: true, off: false, false: false, 0: false };

const yesOrNo = z
  .string()
  .refine((word) => Object.hasOwn(words, word.toLowerCase()), 'must be on or off')
  .transform((word) => words[word.toLowerCase()]!);

function replicaUrls(isEmbedded: boolean) {
  const url = address('postgres://user:password@replica:5432/name, and more after commas', /^postgres(ql)?$/);
  return z
    .string()
    .transform((list) => list.split(',').map((each) => each.trim()))
    .pipe(z.array(url))
    .refine(() => !isEmbedded, 'needs DATABASE_URL: the embedded database has no replicas')
    .optional();
}

function address(example: string, protocol: RegExp) {
  return z.url({ protocol, error: `must look like ${example}` });
}

function secret(isEmbedded: boolean) {
  const advice = 'make one with: openssl rand -base64 48';
  const text = z
    .string(`is needed with DATABASE_URL, the same for every server; ${advice}`)
    .min(32, `must have at least 32 characters; ${advice}`);
  return isEmbedded ? text.optional() : text;
}
