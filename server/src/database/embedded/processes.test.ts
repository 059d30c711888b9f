import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { findProcess } from './processes.ts';

const onLinux = test.skipIf(process.platform !== 'linux');

test('a process that runs is found', async () => {
  expect(await findProcess(process.pid)).toBeDefined();
});

test('one that has ended is not', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  expect(await findProcess(child.pid!)).toBeUndefined();
});

onLinux('a process is told from a later one with the same number by when it began', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const [first, again, other] = [
    await findProcess(process.pid),
    await findProcess(process.pid),
    await findProcess(child.pid!),
  ];
  child.kill();
  expect(first?.startedAt).toMatch(/^\d+$/);
  expect(again?.startedAt).toBe(first?.startedAt);
  expect(other?.startedAt).not.toBe(first?.startedAt);
});

onLinux('a zombie is no process any more', async () => {
  // The shell becomes a program that never asks what became of its child.
  const parent = spawn('/bin/sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 30'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [pid] = (await once(parent.stdout, 'data')) as [Buffer];
  await expect.poll(() => findProcess(Number(pid))).toBeUndefined();
  // Its number is still taken.
  expect(() => process.kill(Number(pid), 0)).not.toThrow();
  parent.kill();
});
