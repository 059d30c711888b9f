import { expect, test } from 'vitest';
import { busyPercent, createRates } from './rates.ts';

test('a rate is what a counter rose by, per second', () => {
  const rates = createRates();
  expect(rates(new Map([['eth0', 1_000]]), 5_000)).toEqual(new Map());
  expect(rates(new Map([['eth0', 1_500]]), 7_000)).toEqual(new Map([['eth0', 250]]));
});

test('a counter that began anew, or is new, has no rate yet', () => {
  const rates = createRates();
  rates(new Map([['eth0', 1_000]]), 0);
  const later = new Map([
    ['eth0', 10],
    ['eth1', 99],
  ]);
  expect(rates(later, 1_000)).toEqual(new Map());
  expect(rates(new Map([['eth0', 20]]), 2_000)).toEqual(new Map([['eth0', 10]]));
});

test('a CPU was busy in percent of the time that went by', () => {
  expect(busyPercent({ busy: 10, total: 100 }, { busy: 35, total: 200 })).toBe(25);
  expect(busyPercent({ busy: 10, total: 100 }, { busy: 10, total: 100 })).toBeNaN();
  // Waiting for disks was corrected downwards: more was busy than went by.
  expect(busyPercent({ busy: 10, total: 100 }, { busy: 30, total: 110 })).toBe(100);
});
