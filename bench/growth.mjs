import { runInChild } from './storage/child.mjs';

/** What becomes of it with 10,000 streams, while 1 M, 10 M and 100 M points are stored. Takes some minutes. */
export const measure = () => runInChild('growth.ts');
