import { parseDuration } from '@quantumflux/sdk/protocol';
import { retention } from '@quantumflux/sdk/protocol/schemas';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { readRedisAddress, type RedisAddress } from './bus/redis-address.ts';

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
  if (given['NODE_ENV'] !== 'test') for (const name of testOnly) delete given[name];
  const config = environment({ isEmbedded }).safeParse(given);
  if (config.success) return { ...config.data, isEmbedded };
  const mistakes = config.error.issues.map(({ path, message }) => `  ${path.join('.')} ${message}.`);
  throw new Error(`The environment is not right:\n${[...new Set(mistakes)].join('\n')}`);
}

function environment({ isEmbedded }: { isEmbedded: boolean }) {
  return variables({ isEmbedded })
    .superRefine(checkTogether)
    .transform(({ REDIS_CA_FILE: ca, REDIS_URL, REDIS_SOURCE_URL, ...given }) => ({
      ...given,
      REDIS_URL: withCa(REDIS_URL, ca),
      REDIS_SOURCE_URL: withCa(REDIS_SOURCE_URL, ca),
    }));
}

type Variables = z.output<ReturnType<typeof variables>>;

function checkTogether(given: Variables, context: z.RefinementCtx): void {
  const wrong = (name: keyof typeof given, message: string) =>
    context.addIssue({ code: 'custom', path: [name], message });
  const hasFeed = given.REDIS_SOURCE_CHANNELS !== undefined || given.REDIS_SOURCE_STREAMS !== undefined;
  if (hasFeed && !(given.REDIS_SOURCE_URL ?? given.REDIS_URL)) {
    wrong('REDIS_SOURCE_URL', 'is needed with REDIS_SOURCE_CHANNELS or REDIS_SOURCE_STREAMS, unless REDIS_URL is set');
  }
  if (given.REDIS_SOURCE_URL && !hasFeed) {
    wrong('REDIS_SOURCE_URL', 'does nothing without REDIS_SOURCE_CHANNELS or REDIS_SOURCE_STREAMS');
  }
  const source = given.REDIS_SOURCE_URL ?? given.REDIS_URL;
  if (hasFeed && source?.form.is === 'cluster')
    wrong('REDIS_SOURCE_URL', 'must be one Redis, or sentinels: points are not fetched from a cluster');
  if (given.REDIS_CA_FILE && !given.REDIS_URL?.tls && !given.REDIS_SOURCE_URL?.tls)
    wrong('REDIS_CA_FILE', 'does nothing without an address that begins with rediss');
  if (given.MQTT_URL && !given.MQTT_TOPICS) wrong('MQTT_TOPICS', 'is needed with MQTT_URL, for example plant/#');
  if (!given.MQTT_URL && given.MQTT_TOPICS) wrong('MQTT_URL', 'is needed with MQTT_TOPICS');
}

function variables({ isEmbedded }: { isEmbedded: boolean }) {
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
    REDIS_URL: redis.optional(),
    /** Who signed the certificates of Redis, as PEM; else those that the system trusts. A file; from then on what is in it. */
    REDIS_CA_FILE: certificates.optional(),
    /** Redis where other programs leave points. Default: REDIS_URL. */
    REDIS_SOURCE_URL: redis.optional(),
    /** Patterns of channels on which points are PUBLISHed. */
    REDIS_SOURCE_CHANNELS: list().optional(),
    /** Redis Streams that have points. */
    REDIS_SOURCE_STREAMS: list().optional(),
    /** The consumer group in which all servers read them. */
    REDIS_SOURCE_GROUP: z.string().max(200).default('quantumflux'),
    /** A broker to which machines publish points. */
    MQTT_URL: address('mqtt://user:password@host:1883 or mqtts://host:8883', /^(mqtts?|wss?)$/).optional(),
    /** What to subscribe to. */
    MQTT_TOPICS: list(topicFilter, 'must be filters like plant/#,home/+/temp').optional(),
    /** Which streams topics become (see ingest/mqtt/topic-map.ts). */
    MQTT_MAP: z.string().optional(),
    /** By which the broker knows this server again; another one for each server. */
    MQTT_CLIENT_ID: z.string().max(200).default('quantumflux'),
    /** A secret key that exists from the first start on, so that automation needs no one to copy one. */
    BOOTSTRAP_SECRET_KEY: z
      .string()
      .regex(/^qf_sk_[\w-]{32,}$/, 'must be qf_sk_ and at least 32 letters, digits, - or _')
      .optional(),
    /** Record this machine as streams `host.*`. */
    HOST_METRICS: yesOrNo.default(isEmbedded),
    /** How long the points of new streams are kept, `30d`; in ms from then on. Without it: for ever. */
    RETENTION: retention.optional(),
    /** After SIGTERM, how long balancers have to see that /ready says no: `5s`, at most 20s; in ms from then on. */
    DRAIN_WAIT: shortTime.default(isEmbedded ? 0 : 5_000),
    LOG_LEVEL: z.enum(['error', 'warn', 'info'], 'must be error, warn or info').default('info'),
    /** Signs tokens. Embedded: generated (see secrets.ts). */
    TOKEN_SECRET: secret(isEmbedded),
    /** Mixed into passwords before they are hashed. Embedded: generated (see secrets.ts). */
    PASSWORD_PEPPER: secret(isEmbedded),
    NODE_ENV: z.string().default('development'),
    // These are read only where NODE_ENV=test.
    /** Breaks a promise, so that tests can prove that they notice (see the sabotage.ts of ingest, streams and live). */
    SABOTAGE: z
      .enum([
        ...(['ack-before-commit', 'no-dedup', 'wait-forever', 'ack-when-full'] as const),
        ...(['advance-before-chunks', 'forget-late', 'fail-on-corrupt'] as const),
        ...(['keep-revoked', 'skip-backfill', 'untold-gap', 'resend', 'swap'] as const),
        ...(['drop-frames', 'no-sweep', 'unbounded'] as const),
      ])
      .optional(),
    /** `eager` compacts at once, into small chunks (see streams/eager.ts). */
    COMPACTION: z.literal('eager').optional(),
    /** The share of hints that get lost, from 0 to 1 (see bus/sabotage.ts). */
    LOSE_HINTS: z.coerce.number().min(0).max(1).optional(),
  });
}

const testOnly = ['SABOTAGE', 'COMPACTION', 'LOSE_HINTS'];

const portRange = 'must be a whole number from 0 to 65535';

const words: Record<string, boolean> = { on: true, true: true, 1: true, off: false, false: false, 0: false };

const yesOrNo = z
  .string()
  .refine((word) => Object.hasOwn(words, word.toLowerCase()), 'must be on or off')
  .transform((word) => words[word.toLowerCase()]!);

const shortTime = z
  .string()
  .regex(/^\d+(ms|s)$/, 'must be a length of time: 0s, 500ms, 5s')
  .transform((text) => (/^0+\D/.test(text) ? 0 : parseDuration(text)))
  .refine((ms) => ms <= 20_000, 'must be 20s at most');

/** MQTT 3.1.1, 4.7: `+` and `#` are whole levels, `#` the last one. */
const topicFilter = /^(([^+#]*|\+)\/)*([^+#/]*|\+|#)$/;

/** Texts between commas. */
function list(each = /./, message = 'must have at least one entry') {
  return z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .transform((parts) => parts.filter((part) => part !== ''))
    .refine((parts) => parts.length > 0 && parts.every((part) => each.test(part)), message);
}

function replicaUrls(isEmbedded: boolean) {
  const url = address('postgres://user:password@replica:5432/name, and more after commas', /^postgres(ql)?$/);
  return z
    .string()
    .transform((list) => list.split(',').map((each) => each.trim()))
    .pipe(z.array(url))
    .refine(() => !isEmbedded, 'needs DATABASE_URL: the embedded database has no replicas')
    .optional();
}

const redis = z.string().transform((text, context): RedisAddress => {
  const address = readRedisAddress(text);
  if (!('wrong' in address)) return address;
  context.addIssue({ code: 'custom', message: address.wrong });
  return z.NEVER;
});

/** The text of a file with certificates. */
const certificates = z.string().transform((file, context) => {
  try {
    const text = readFileSync(file, 'utf8');
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
    context.addIssue({ code: 'custom', message: 'must be a file with certificates as PEM' });
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a file that can be read' });
  }
  return z.NEVER;
});

function withCa(address: RedisAddress | undefined, ca: string | undefined): RedisAddress | undefined {
  return address?.tls ? { ...address, tls: { ca } } : address;
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
