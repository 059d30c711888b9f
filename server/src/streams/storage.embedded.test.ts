import { startDatabase } from '../../../tests/postgres.ts';
import { storageContract } from './storage.contract.ts';

storageContract('the embedded PostgreSQL', startDatabase);
