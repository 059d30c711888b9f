import { z } from 'zod';
import { QuantumFluxError } from './error.ts';
import {
  MAX_HZ,
  MAX_NAME_LENGTH,
  MAX_ROOM_LENGTH,
  MAX_SELECTOR_LENGTH,
  MAX_TAG_NAME_LENGTH,
  MAX_TAG_VALUE_LENGTH,
  MAX_TAGS,
  MAX_TIME,
  MAX_UNIT_LENGTH,
  MAX_WIDTH,
  MIN_HZ,
  MIN_RETENTION_MS,
  PARTITIONS,
} from './limits.ts';
import { queryFunctions, type QueryFunction } from './query.ts';
import { streamName, tagName } from './stream-key.ts';
import { parseDuration } from './time.ts';

// What comes in over HTTP and over the socket. Only the server imports this file: zod would cost the SDK 24 KB.
// Unknown keys are refused, so that a misspelled one is not silently without effect.

const name = z
  .string()
  .max(MAX_NAME_LENGTH)
  .regex(streamName, 'must look like host.cpu.load: letters, digits and _ . : / -');

// eslint-disable-next-line no-control-regex -- that is what it must not have
const printable = /^[^\u0000-\u001f\u007f]*$/;

const tags = z
  .record(
    z.string().max(MAX_TAG_NAME_LENGTH).regex(tagName, 'must look like region: letters, digits and _ . -'),
    z.string().min(1).max(MAX_TAG_VALUE_LENGTH).regex(printable, 'must have no control characters'),
  )
  .refine((tags) => Object.keys(tags).length <= MAX_TAGS, `must have at most ${MAX_TAGS} entries`);

/** One stream of a write. Its points are checked while they are put into columns (ingest/points.ts), not here. */
export const streamWrite = z.strictObject({
  stream: name,
  tags: tags.optional(),
  unit: z.string().min(1).max(MAX_UNIT_LENGTH).regex(printable, 'must have no control characters').optional(),
  kind: z.enum(['gauge', 'counter']).optional(),
  points: z.array(z.unknown()).min(1, 'must have at least one point'),
});

const selector = z.string().min(1).max(MAX_SELECTOR_LENGTH);
const time = z.union([z.number(), z.string().min(1).max(64)]);
const width = z.int().min(1).max(MAX_WIDTH);

export const queryRequest = z.strictObject({
  select: selector,
  from: time.default('-15m'),
  to: time.default('now'),
  width: z.coerce.number().pipe(width).default(1_000),
  /** Functions, with commas between them. */
  fn: listOf<QueryFunction>((name) =>
    isFunction(name) ? undefined : `"${name}" is not a function; there are ${queryFunctions.join(', ')}`,
  ).optional(),
  /** Tags, with commas between them; an empty text is no tag. */
  by: listOf<string>((name) =>
    tagName.test(name) ? undefined : `"${name}" is not the name of a tag, which looks like region`,
  ).optional(),
  /** Length of the intervals of `fn`: `30s`. */
  step: z.string().min(1).max(64).optional(),
});

function isFunction(name: string): boolean {
  return (queryFunctions as readonly string[]).includes(name);
}

/** Names with commas between them, each once. `problem` says what is wrong with one. */
function listOf<Name extends string>(problem: (name: string) => string | undefined) {
  return z
    .string()
    .max(MAX_SELECTOR_LENGTH)
    .transform((text, context): Name[] => {
      const names: Name[] = [];
      let at = 0;
      for (const part of text.trim() === '' ? [] : text.split(',')) {
        const name = part.trim() as Name;
        const wrong = names.includes(name) ? `"${name}" is named twice` : problem(name);
        if (wrong !== undefined) {
          const column = at + part.length - part.trimStart().length + 1;
          context.addIssue({ code: 'custom', message: `the list is not right at column ${column}: ${wrong}` });
          return z.NEVER;
        }
        names.push(name);
        at += part.length + 1;
      }
      return names;
    });
}

export const listStreamsRequest = z.strictObject({ select: selector.default('*') });

/** How long points are kept after their time: `30d`. In ms from then on. */
export const retention = z
  .string()
  .max(64)
  .transform(durationOf)
  .refine((ms) => ms >= MIN_RETENTION_MS && ms <= MAX_TIME, 'must be a length of time, at least a minute: 12h, 30d');

export const changeStreamsRequest = z
  .strictObject({
    select: selector,
    /** Whether publishable keys may see them. */
    public: z.boolean().optional(),
    /** Null is for ever. */
    retention: retention.nullable().optional(),
  })
  .refine((change) => change.public !== undefined || change.retention !== undefined, 'must say public or retention');

export const loginRequest = z.strictObject({
  email: z.email({ pattern: z.regexes.html5Email }).max(320),
  password: z.string().min(1).max(1_024),
});

const origin = z
  .string()
  .max(200)
  .regex(/^https?:\/\/[^/\s?#]+$/, 'must look like https://example.com or http://localhost:*');

export const createKeyRequest = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['secret', 'ingest']), name: z.string().min(1).max(100) }),
  z.strictObject({
    kind: z.literal('publishable'),
    name: z.string().min(1).max(100),
    /** Pages that may use it. `*` as the port stands for any. */
    origins: z.array(origin).min(1).max(50),
  }),
]);

export const revokeKeyRequest = z.strictObject({ id: z.uuid() });

const offset = z.int().min(0);
const position = z.strictObject({
  epoch: z.int().min(0),
  offsets: z
    .array(
      z.tuple([
        z
          .int()
          .min(0)
          .max(PARTITIONS - 1),
        offset,
      ]),
    )
    .max(PARTITIONS),
});

export const handshake = z.object({
  protocol: z.int().min(1),
  token: z.string().max(8_192).optional(),
  key: z.string().max(200).optional(),
  /** What a later version may say here is as good as nothing. */
  frames: z.literal('bare').optional().catch(undefined),
});

export const subscribeRequest = z.strictObject({
  selector,
  from: time.default('-15m'),
  width: width.default(1_000),
  wait: z.boolean().default(false),
  resume: position.optional(),
  maxHz: z.number().min(MIN_HZ).max(MAX_HZ).optional(),
});

export const unsubscribeRequest = z.strictObject({ channel: z.int().min(0) });

export const refreshRequest = z.strictObject({ token: z.string().min(1).max(8_192) });

const room = z.string().min(1).max(MAX_ROOM_LENGTH).regex(printable, 'must have no control characters');

export const joinRequest = z.strictObject({ room, name: room.optional() });

export const leaveRequest = z.strictObject({ room });

/** Checks a value at the border. The first mistake is an `invalid_input` error that names its field. */
export function parse<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  at: readonly PropertyKey[] = [],
): z.output<Schema> {
  const result = safely(schema, value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = [...at, ...issue!.path].join('.');
  throw new QuantumFluxError('invalid_input', sentence(path, issue!.message), path === '' ? {} : { path });
}

function safely<Schema extends z.ZodType>(schema: Schema, value: unknown) {
  try {
    return schema.safeParse(value);
  } catch (cause) {
    // Of what is no text but has a `length`, zod compares that, whatever it is.
    if (!(cause instanceof TypeError)) throw cause;
    throw new QuantumFluxError('invalid_input', 'The input is not right: it has parts that cannot be compared.', {
      cause,
    });
  }
}

function durationOf(text: string): number {
  try {
    return parseDuration(text);
  } catch {
    return Number.NaN;
  }
}

function sentence(path: string, message: string): string {
  return `${path === '' ? 'The input is not right' : path}: ${message}${message.endsWith('.') ? '' : '.'}`;
}
