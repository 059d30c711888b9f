import { silent } from '../log.ts';
import { busContract } from './bus.contract.ts';
import { createMemoryBus } from './bus.memory.ts';

busContract('memory', () => Promise.resolve(createMemoryBus(silent)));
