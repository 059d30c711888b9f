import { fileURLToPath } from 'node:url';

/** The migrations of the project. */
export const migrationsDir = fileURLToPath(new URL('../prisma/migrations', import.meta.url));
