import { limitContract } from './limit.contract.ts';
import { createMemoryLimit } from './limit.memory.ts';

limitContract('memory', () => Promise.resolve({ createLimit: createMemoryLimit, close: () => Promise.resolve() }));
