import { expect, test, vi } from 'vitest';
import { createFloor, positionAfter, reaches } from './floor.ts';

test('as long as nobody was told anything there is no floor, and what is heard makes none', () => {
  const floor = createFloor();
  floor.hear({ epoch: 1, offsets: [[0, 5]] });
  expect(floor.position()).toBeUndefined();
});

test('it is the furthest that was told, partition by partition', () => {
  const floor = createFloor();
  floor.raise({
    epoch: 1,
    offsets: [
      [0, 5],
      [1, 2],
    ],
  });
  floor.raise({
    epoch: 1,
    offsets: [
      [0, 3],
      [1, 4],
    ],
  });
  floor.hear(positionAfter({ epoch: 1, entries: [{ partition: 2, offset: 1 }] }));
  expect(floor.position()).toEqual({
    epoch: 1,
    offsets: [
      [0, 5],
      [1, 4],
      [2, 1],
    ],
  });
});

test('another journal begins anew, and is told of; what is heard of it from others is not enough', () => {
  const onNewEpoch = vi.fn();
  const floor = createFloor({ onNewEpoch });
  floor.raise({ epoch: 1, offsets: [[0, 5]] });
  floor.hear({ epoch: 2, offsets: [[0, 9]] });
  expect(floor.position()).toEqual({ epoch: 1, offsets: [[0, 5]] });
  expect(onNewEpoch).not.toHaveBeenCalled();
  floor.raise({ epoch: 2, offsets: [[0, 1]] });
  expect(floor.position()).toEqual({ epoch: 2, offsets: [[0, 1]] });
  expect(onNewEpoch).toHaveBeenCalledOnce();
});

test.each([
  ['further', 1, 6, 4, true],
  ['the same', 1, 5, 4, true],
  ['behind in one partition', 1, 9, 3, false],
  ['of another journal', 2, 9, 9, false],
])('a state that is %s', (_, epoch, first, second, expected) => {
  const floor = {
    epoch: 1,
    offsets: [
      [0, 5],
      [1, 4],
    ] as [number, number][],
  };
  expect(
    reaches(
      {
        epoch,
        offsets: [
          [0, first],
          [1, second],
        ],
      },
      floor,
    ),
  ).toBe(expected);
  expect(reaches({ epoch: 1, offsets: [[0, 9]] }, floor)).toBe(false);
});
