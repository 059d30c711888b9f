import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import { Router, type Request } from 'express';
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { infoOf } from './request-id.ts';

type Encoding = 'br' | 'gzip' | 'identity';

/** A file as it is in memory: its bytes in each encoding, all made once. */
type Prepared = { etag: string; bytes: Record<Encoding, Buffer> };

const types = { js: 'text/javascript; charset=utf-8', map: 'application/json; charset=utf-8' };

/**
 * The script that pages embed at `/sdk/quantumflux.js`, what it loads for those who look for a mistake beside it, and their
 * source maps. `file` is where the build puts the first; the other is in the same folder.
 */
export function bundleRoutes({ file }: { file: string }): Router {
  const router = Router();
  const serve = (path: string, source: string, type: string) => {
    const prepare = createPreparation(source);
    router.get(path, async (req, res) => {
      const info = infoOf(req);
      if (info) info.route = path;
      const { etag, bytes } = await prepare();
      const encoding = encodingFor(req);
      res.set({
        'Content-Type': type,
        // Any page may embed it; helmet would keep it to our own.
        'Cross-Origin-Resource-Policy': 'cross-origin',
        // The address has no version in it: keep it, but ask each time whether it is still the one.
        'Cache-Control': 'no-cache',
        // One tag per encoding, or a cache could mix them up.
        ETag: `"${etag}-${encoding}"`,
        Vary: 'Accept-Encoding',
      });
      if (req.fresh) return void res.status(304).end();
      if (encoding !== 'identity') res.set('Content-Encoding', encoding);
      res.set('Content-Length', String(bytes[encoding].length)).end(bytes[encoding]);
    });
  };
  for (const [name, source] of [
    ['quantumflux.js', file],
    ['quantumflux-debug.js', join(dirname(file), 'quantumflux-debug.js')],
  ] as const) {
    serve(`/sdk/${name}`, source, types.js);
    serve(`/sdk/${name}.map`, `${source}.map`, types.map);
  }
  return router;
}

/** Reads and compresses the file when it is first asked for, and again only when it was built anew. */
function createPreparation(file: string): () => Promise<Prepared> {
  let prepared: Promise<Prepared> | undefined;
  let version: string | undefined;

  return async () => {
    const found = await stat(file).catch(() => undefined);
    if (!found) {
      throw new QuantumFluxError('unavailable', 'This file is not built yet. On the server, run: npm run build');
    }
    const current = `${found.mtimeMs}-${found.size}`;
    if (version !== current) {
      version = current;
      prepared = compress(file);
      // A failed attempt must not be remembered.
      prepared.catch(() => (version = undefined));
    }
    return prepared!;
  };
}

async function compress(file: string): Promise<Prepared> {
  const identity = await readFile(file);
  const [br, gz] = await Promise.all([promisify(brotliCompress)(identity), promisify(gzip)(identity, { level: 9 })]);
  const etag = createHash('sha256').update(identity).digest('base64url').slice(0, 22);
  return { etag, bytes: { br, gzip: gz, identity } };
}

// Browsers list gzip first although they take both; brotli is the smaller one.
function encodingFor(req: Request): Encoding {
  if (req.acceptsEncodings('br')) return 'br';
  return req.acceptsEncodings('gzip') ? 'gzip' : 'identity';
}
