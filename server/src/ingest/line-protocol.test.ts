import { expect, test } from 'vitest';
import { readLines } from './line-protocol.ts';
import { precisions } from './line-scanner.ts';

const NOW = 1_763_800_000_000;
const read = (text: string, precision = 'ns') =>
  readLines(Buffer.from(text), { precision: precisions[precision]!, now: NOW });

/** Key and points of each stream. */
function streams(text: string, precision?: string): Record<string, [number, number][]> {
  const { batch, refused } = read(text, precision);
  expect(refused).toBeUndefined();
  return Object.fromEntries(
    batch.streams.map(({ key, columns: { times, values } }) => [
      key,
      [...times].map((time, i): [number, number] => [time, values[i]!]),
    ]),
  );
}

test('every field is a stream of its own; value goes by the name of the measurement', () => {
  expect(streams('cpu,host=a usage=1.5,value=2 1763800000000000000')).toEqual({
    'cpu.usage{host="a"}': [[NOW, 1.5]],
    'cpu{host="a"}': [[NOW, 2]],
  });
});

test('what an agent really sends is read: escapes, suffixes, booleans, texts', () => {
  expect(
    streams(String.raw`cpu,host=a\ b,dir=c:\\x n=3i,u=4u,ok=T,no=false,s="q\"x, y=1",e=-2.5e3 1763800000000000000`),
  ).toEqual(
    Object.fromEntries(
      Object.entries({ n: 3, u: 4, ok: 1, no: 0, e: -2500 }).map(([field, value]) => [
        `cpu.${field}{dir="c:\\\\x",host="a b"}`,
        [[NOW, value]],
      ]),
    ),
  );
});

test('nanoseconds beyond 2^53 keep their microseconds', () => {
  expect(streams('a value=1 1795350534696733768')).toEqual({ a: [[1_795_350_534_696.733, 1]] });
  expect(streams('a value=1 -1000000')).toEqual({ a: [[-1, 1]] });
});

test.each([
  ['ns', '1763800000000000000'],
  ['us', '1763800000000000'],
  ['ms', '1763800000000'],
  ['s', '1763800000'],
])('timestamps in %s mean the same', (precision, time) => {
  expect(streams(`a value=1 ${time}`, precision)).toEqual({ a: [[NOW, 1]] });
});

test('a line without a timestamp is of now; comments, empty lines and the line ends of Windows are nothing', () => {
  expect(streams('# comment\r\n\n  \na value=1\r\na value=2 \r\n#')).toEqual({
    a: [
      [NOW, 1],
      [NOW, 2],
    ],
  });
});

test('names that we do not have are written with underscores', () => {
  expect(Object.keys(streams('disk\\ used,1st=x,p%=y %=1,température=2 1'))).toEqual([
    'disk_used._{_1st="x",p_="y"}',
    'disk_used.temp_rature{_1st="x",p_="y"}',
  ]);
});

test('the same series in another order is the same stream', () => {
  expect(Object.keys(streams('a,x=1,y=2 value=1 1\na,y=2,x=1 value=2 2\nb value=3 3'))).toEqual([
    'a{x="1",y="2"}',
    'b',
  ]);
});

test('fields may come in any order and be left out', () => {
  expect(streams('a b=1,c=2 1000000\na c=3,b=4 2000000\na c=5 3000000\na cc=6,b=7 4000000')).toEqual({
    'a.b': [
      [1, 1],
      [2, 4],
      [4, 7],
    ],
    'a.c': [
      [1, 2],
      [2, 3],
      [3, 5],
    ],
    'a.cc': [[4, 6]],
  });
});

test('numbers are the same as JavaScript reads them', () => {
  for (const text of [
    '0.1',
    '-0.30000000000000004',
    '123456789012345678',
    '1e-7',
    '.5',
    '5.',
    '9007199254740993i',
    '+3',
  ]) {
    expect(streams(`a value=${text} 1`)).toEqual({ a: [[0, Number(text.replace('i', ''))]] });
  }
});

test.each([
  ['a', 'missing fields'],
  ['a ', 'missing field value'],
  ['a b', 'missing field value'],
  ['a b= 1', 'invalid field value'],
  ['a b=nan 1', 'invalid field value'],
  ['a b=1,c=x 1', 'invalid field value'],
  ['a b=1e 1', 'invalid number'],
  ['a b=1e999 1', 'number out of range'],
  ['a b=1.5i 1', 'invalid integer'],
  ['a b=-1u 1', 'invalid unsigned integer'],
  ['a b="x 1', 'unbalanced quotes'],
  ['a b=1 x', 'invalid timestamp'],
  ['a b=1 1 2', 'invalid timestamp'],
  ['a b=1 99999999999999999999999', 'timestamp out of range'],
  [',x=1 b=1 1', 'missing measurement'],
  ['a,x b=1 1', 'missing tag value'],
  ['a,x= b=1 1', 'missing tag value'],
  ['a,=1 b=1 1', 'missing tag name'],
  ['a =1 1', 'missing field name'],
  [`${'n'.repeat(201)} b=1 1`, 'Too big'],
  [`a,${Array.from({ length: 17 }, (_, i) => `t${i}=x`).join(',')} b=1 1`, 'at most 16'],
])('%j is refused, and the lines around it are read', (line, reason) => {
  const { batch, refused } = read(`ok value=1 1\n${line}\nok value=2 2`);
  expect(refused).toMatchObject({ points: 1, line: 2 });
  expect(refused?.message).toContain(reason);
  expect(batch.streams.map(({ key, columns }) => [key, [...columns.values]])).toEqual([['ok', [1, 2]]]);
});

test('a body that is something else is refused as a whole, after not too many lines', () => {
  expect(() => read('x\n'.repeat(2_000))).toThrow(/More than 1000 lines/);
  expect(() => readLines(Buffer.of(0xff, 0xfe), { precision: precisions['ns']!, now: NOW })).toThrow(/UTF-8/);
});

test('a body with more points than allowed is too large, also when its series are', () => {
  expect(() => read('a value=1\n'.repeat(100_001))).toThrow(/100,000/);
});

test('bodies of many agents, each sent again, are read as if each were the first', () => {
  const agent = (name: string, rows: number) =>
    Array.from({ length: rows }, (_, i) => `m,host=${name},n=${i % 3} a=${i},b="x",c=${i}i ${i + 1}\n`).join('');
  const key = (name: string, n: number, field: string) => `m.${field}{host="${name}",n="${n}"}`;
  for (let round = 0; round < 3; round++) {
    for (const name of ['a', 'b', 'aa']) {
      const found = streams(agent(name, 6), 'ms');
      expect(Object.keys(found).sort()).toEqual(
        [0, 1, 2].flatMap((n) => [key(name, n, 'a'), key(name, n, 'c')]).sort(),
      );
      expect(found[key(name, 1, 'c')]).toEqual([
        [2, 1],
        [5, 4],
      ]);
    }
  }
});

test('a name that is refused is refused each time', () => {
  for (let round = 0; round < 2; round++) {
    const { batch, refused } = read(`${'n'.repeat(201)} b=1 1\nok,x=1 value=1 1`);
    expect(refused).toMatchObject({ points: 1, line: 1 });
    expect(batch.streams.map(({ key }) => key)).toEqual(['ok{x="1"}']);
  }
});
