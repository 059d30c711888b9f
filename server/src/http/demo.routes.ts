import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import express, { Router } from 'express';

/** The demo dashboard at `/`, from the directory that the build puts it in. */
export function demoRoutes({ directory }: { directory: string }): Router {
  const router = Router();
  router.use(
    express.static(directory, {
      redirect: false,
      setHeaders: (res) => void res.setHeader('Cache-Control', 'no-cache'),
    }),
  );
  router.get('/', () => {
    // Reached only when there is no index.html.
    throw new QuantumFluxError('unavailable', 'The demo is not built yet. On the server, run: npm run build');
  });
  return router;
}
