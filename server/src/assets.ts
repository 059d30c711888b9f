import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
/** The build puts them beside the program; in the sources they are where they are written. */
const isBuilt = existsSync(join(here, 'migrations'));

/** Files that the server needs besides its code. */
export const assets = {
  migrations: isBuilt ? join(here, 'migrations') : join(here, '../../prisma/migrations'),
  demo: isBuilt ? join(here, 'demo') : join(here, '../../examples/demo'),
  /** The CDN bundle of the widgets package. */
  get sdk(): string {
    return fileURLToPath(import.meta.resolve('@quantumflux/widgets/cdn/quantumflux.js'));
  },
};
