import { MAX_BODY_BYTES, QuantumFluxError } from '@quantumflux/sdk/protocol';
import express, { type Request, type Response } from 'express';

const readBody = express.json({ limit: MAX_BODY_BYTES, type: () => true });

/** The JSON object that a request carries; an empty one when it carries nothing. */
export async function readJson(req: Request, res: Response): Promise<object> {
  if (!hasBody(req)) return {};
  // A form can be sent by any page without asking; JSON cannot, so nothing else is ever read as if it were.
  if (!req.is('application/json')) {
    throw new QuantumFluxError(
      'invalid_input',
      'The body must be JSON, sent with the header Content-Type: application/json.',
    );
  }
  await new Promise<void>((resolve, reject) => {
    readBody(req, res, (error?: Error) => (error ? reject(error) : resolve()));
  });
  const body: unknown = req.body;
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  throw new QuantumFluxError('invalid_input', 'The body must be a JSON object: {"name": …}.');
}

function hasBody({ method, headers }: Request): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
