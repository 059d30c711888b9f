import { expect, test } from 'vitest';
import { uploadRoute } from './upload.ts';

function upload(text: string, { type = 'text/csv', query = '' } = {}) {
  return uploadRoute.read(Buffer.from(text), { headers: { 'content-type': type }, query: new URLSearchParams(query) });
}

/** Times and values by key. */
function streams(text: string, options?: { type?: string; query?: string }) {
  const { batch } = upload(text, options);
  return Object.fromEntries(batch.streams.map(({ key, columns }) => [key, [[...columns.times], [...columns.values]]]));
}

test('each column of numbers is a stream, each column of texts a tag', () => {
  expect(streams('time,room,temp,wind speed\n2026-11-22T10:00:00Z,a,21.5,3\n2026-11-22T10:00:01Z,a,,4\n')).toEqual({
    'temp{room="a"}': [[Date.UTC(2026, 10, 22, 10)], [21.5]],
    'wind_speed{room="a"}': [
      [Date.UTC(2026, 10, 22, 10), Date.UTC(2026, 10, 22, 10, 0, 1)],
      [3, 4],
    ],
  });
});

test('a row may say its stream and value', () => {
  expect(streams('stream;ts;value;line\nplant.temp;1000;1.5;3\nplant.load;2000;2;')).toEqual({
    'plant.temp{line="3"}': [[1_000], [1.5]],
    'plant.load': [[2_000], [2]],
  });
});

test('lines of JSON are rows too', () => {
  const text = '{"t":1000,"temp":1.5,"ok":true}\n\n{"t":2000,"temp":2,"host":"a"}\n';
  expect(streams(text, { type: 'application/x-ndjson', query: 'stream=plant' })).toEqual({
    'plant.temp': [[1_000], [1.5]],
    'plant.ok': [[1_000], [1]],
    'plant.temp{host="a"}': [[2_000], [2]],
  });
});

test('who uploads says what the file does not', () => {
  expect(streams('when,machine,temp\n1000,7,1', { query: 'time=when&tags=machine' })).toEqual({
    'temp{machine="7"}': [[1_000], [1]],
  });
});

test('a preview says what would be made and stores nothing', () => {
  const reading = upload('time,temp\n1000,1\n2000,2', { query: 'preview=1' });
  expect(reading.isPreview).toBe(true);
  const ask = { headers: {}, query: new URLSearchParams() };
  expect(JSON.parse(uploadRoute.answer!(reading, ask).body as string)).toEqual({
    stored: false,
    points: 2,
    streamCount: 1,
    streams: [
      {
        stream: 'temp',
        tags: {},
        key: 'temp',
        points: 2,
        from: '1970-01-01T00:00:01.000Z',
        to: '1970-01-01T00:00:02.000Z',
      },
    ],
  });
});

test.each([
  ['no rows', 'time,temp', {}, /no rows/],
  ['no column of time', 'when,temp\n1,2', {}, /no column with the time/],
  ['no numbers', 'time,temp\n1,warm', {}, /no column of numbers/],
  ['a time that is none', 'time,temp\n1000,1\n22.11.2026,2', {}, /rows\.1\.time/],
  ['a row that is too short', 'time,temp\n1000', {}, /not CSV/],
  ['two columns of one name', 'time,a,a\n1,1,1', {}, /two columns/],
  ['a value that is none', 'time,stream,value\n1,a,x', {}, /rows\.0\.value/],
  ['a line that is no JSON', '{"t":1,"v":1}\n{', { type: 'application/x-ndjson' }, /Line 2/],
  ['a list in a line', '{"t":1,"v":[1]}', { type: 'application/x-ndjson' }, /v: must be/],
  ['another type', 'x', { type: 'text/plain' }, /text\/csv/],
])('%s is refused', (_, text, options, reason) => {
  expect(() => upload(text, options)).toThrow(reason);
});
