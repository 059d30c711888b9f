import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import { parse } from '@quantumflux/sdk/protocol/schemas';
import type { Request, RequestHandler, Response, Router } from 'express';
import type { z } from 'zod';
import { readJson } from './body.ts';
import { demand, type Authenticate, type Caller, type Permission } from './caller.ts';
import { Content } from './content.ts';
import { credentialsOf } from './credentials.ts';
import { infoOf } from './request-id.ts';

/** An entry of the protocol's table of endpoints. */
export type Endpoint = { method: 'GET' | 'POST' | 'PATCH' | 'DELETE'; path: string };

/** The request and its answer, for the few handlers that need more than the input. */
export type Exchange = { req: Request; res: Response };

type Handler<Schema extends z.ZodType> = (input: z.output<Schema>, caller: Caller, exchange: Exchange) => unknown;
type OpenHandler<Schema extends z.ZodType> = (input: z.output<Schema>, exchange: Exchange) => unknown;

declare module 'express-serve-static-core' {
  interface Request {
    authenticate: Authenticate;
  }
}

/** Lets the routes behind it ask who is calling. */
export function identify(authenticate: Authenticate): RequestHandler {
  return (req, _res, next) => {
    req.authenticate = authenticate;
    next();
  };
}

/**
 * Serves one endpoint: who is asking, whether they may, whether the input is right; then runs the handler and sends what
 * it returns. Nothing of the body is read for those who may not.
 *
 * @param permission - What the caller needs; `authenticated` when it is enough to be known.
 */
export function route<Schema extends z.ZodType>(
  router: Router,
  endpoint: Endpoint,
  schema: Schema,
  permission: Permission | 'authenticated',
  handle: Handler<Schema>,
): void {
  serve(router, endpoint, async (req, res) => {
    const caller = await callerOf(req);
    if (permission !== 'authenticated') demand(caller, permission);
    return handle(parse(schema, await inputOf(req, res)), caller, { req, res });
  });
}

/** The same for an endpoint that asks nobody who they are. */
export function openRoute<Schema extends z.ZodType>(
  router: Router,
  endpoint: Endpoint,
  schema: Schema,
  handle: OpenHandler<Schema>,
): void {
  serve(router, endpoint, async (req, res) => handle(parse(schema, await inputOf(req, res)), { req, res }));
}

/** Who sends this request. Throws unless the credentials are in order. */
export async function callerOf(req: Request): Promise<Caller> {
  const encrypted = 'encrypted' in req.socket && req.socket.encrypted === true;
  const caller = await req.authenticate(credentialsOf(req.headers, { encrypted }));
  const info = infoOf(req);
  if (info) info.subject = caller.subject;
  return caller;
}

const methods = { GET: 'get', POST: 'post', PATCH: 'patch', DELETE: 'delete' } as const;

function serve(
  router: Router,
  { method, path }: Endpoint,
  answer: (req: Request, res: Response) => Promise<unknown>,
): void {
  router[methods[method]](path, async (req, res) => {
    const info = infoOf(req);
    if (info) info.route = path;
    res.setHeader('Cache-Control', 'no-store');
    const output = await answer(req, res);
    if (output === undefined) res.status(204).end();
    else if (output instanceof Content)
      res.type(output.type).send(Buffer.from(output.bytes.buffer, output.bytes.byteOffset, output.bytes.length));
    else res.json(output);
  });
}

/** Query, body and path in one object. A key given twice is refused: which one counts would be a guess. */
async function inputOf(req: Request, res: Response): Promise<object> {
  const parts: object[] = [req.query, await readJson(req, res), req.params];
  const input = new Map<string, unknown>();
  for (const [key, value] of parts.flatMap((part) => Object.entries(part))) {
    if (input.has(key)) throw new QuantumFluxError('invalid_input', `${key}: is given twice.`, { path: key });
    input.set(key, value);
  }
  return Object.fromEntries(input);
}
