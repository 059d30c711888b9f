import { expect, test } from 'vitest';
import { parseTopicMap, placeOf } from './topic-map.ts';

const map = parseTopicMap(`
  plant/{line}/{sensor} -> plant.{sensor};
  home/+/{room}/# -> home;
  site/{place}/{what}/now -> {what}
`);

test.each([
  ['plant/3/temp', { stream: 'plant.temp', tags: { line: '3' } }],
  ['plant/hall 2/oil pressure', { stream: 'plant.oil_pressure', tags: { line: 'hall 2' } }],
  ['home/1/kitchen/kettle/temp', { stream: 'home', tags: { room: 'kitchen' } }],
  ['home/1/kitchen', { stream: 'home', tags: { room: 'kitchen' } }],
  ['site/roof/wind/now', { stream: 'wind', tags: { place: 'roof' } }],
  ['site/roof/wind/then', { stream: 'site.roof.wind.then', tags: {} }],
  ['plant/3', { stream: 'plant.3', tags: {} }],
  ['plant/3/temp/raw', { stream: 'plant.3.temp.raw', tags: {} }],
  ['plant//temp', { stream: 'plant.temp', tags: {} }],
  ['/zigbee2mqtt/0x00', { stream: 'zigbee2mqtt.0x00', tags: {} }],
  ['7/up', { stream: '_7.up', tags: {} }],
])('%s', (topic, place) => {
  expect(placeOf(topic, map)).toEqual(place);
});

test('the first rule that fits counts', () => {
  const rules = parseTopicMap('a/b -> first; a/+ -> second');
  expect([placeOf('a/b', rules).stream, placeOf('a/c', rules).stream]).toEqual(['first', 'second']);
});

test.each([
  ['plant/{line}', 'must look like'],
  ['a -> b -> c', 'must look like'],
  ['plant/{line} -> plant.{sensor}', '{sensor} in the name of the stream, but not in the topic'],
  ['plant/x{line} -> plant', 'a level that cannot be: x{line}'],
  ['plant/#/a -> plant', 'a level that cannot be: #'],
  ['a/{b}/{b} -> c', '{b} twice'],
  ['a/{b} -> c.{b', 'a brace without its other one'],
])('"%s" is refused at the start with a sentence', (text, sentence) => {
  expect(() => parseTopicMap(text)).toThrow(sentence);
});
