import { runInChild } from './storage/child.mjs';

/** What is stored: how large it is, how fast it is made and read. */
export const measure = () => runInChild('main.ts');
