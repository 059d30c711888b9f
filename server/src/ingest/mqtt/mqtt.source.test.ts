import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { startBroker, type TestBroker } from '../../../../tests/mqtt.ts';
import { startDatabase, type TestDatabase } from '../../../../tests/postgres.ts';
import { createReadableLog } from '../../app.testing.ts';
import { entriesIn, holdCommits, namedIngestOn, ORGANIZATION } from '../ingest.testing.ts';
import { startMqttSource, type MqttSourceOptions } from './mqtt.source.mqtt.ts';

const wait = { timeout: 20_000, interval: 20 };

let db: TestDatabase;
let broker: TestBroker;
beforeEach(async () => void ([db, broker] = await Promise.all([startDatabase(), startBroker()])));
afterEach(async () => {
  await broker.stop();
  await db.stop();
});

function start(options: Partial<MqttSourceOptions> = {}) {
  const { ingest, points } = namedIngestOn(db.database);
  const log = createReadableLog();
  const counts: Record<string, number> = {};
  const source = startMqttSource(
    {
      ingest,
      organization: ORGANIZATION,
      log,
      count: (outcome) => void (counts[outcome] = (counts[outcome] ?? 0) + 1),
    },
    { url: broker.url, topics: ['plant/#'], clientId: 'quantumflux', reconnectMs: 50, ...options },
  );
  onTestFinished(() => source.stop());
  return { ...source, points, log, counts };
}

async function startConnected(options: Partial<MqttSourceOptions> = {}) {
  const source = start(options);
  await expect.poll(source.isUp, wait).toBe(true);
  return source;
}

const at = (time: number) => JSON.stringify({ value: time, time });

test('what is published on its topics is stored, each kind of payload where it belongs', async () => {
  const { points, counts } = await startConnected({ map: 'plant/{line}/{sensor} -> plant.{sensor}' });
  const before = Date.now();
  await broker.publish('plant/3/temp', '21.5');
  await broker.publish('plant/3/temp', '{"value":22,"time":1000}', { qos: 0 });
  await broker.publish('plant/hum', '{"a":{"b":1}}');
  await broker.publish('elsewhere', '1');
  await broker.publish('plant/any', '{"stream":"own","points":[[1,2]]}');
  await expect.poll(() => counts, wait).toEqual({ stored: 4 });
  const [[time, value], second] = (await points('plant.temp{line="3"}')) as [[number, number], [number, number]];
  expect(value).toBe(21.5);
  expect(time).toBeGreaterThanOrEqual(before);
  expect(second).toEqual([1_000, 22]);
  expect(await points('plant.hum.a.b')).toHaveLength(1);
  expect(await points('own')).toEqual([[1, 2]]);
});

test('many messages share a commit, and stay in their order', async () => {
  const { points, counts } = await startConnected();
  for (let i = 0; i < 1_000; i++) void broker.publish('plant/temp', JSON.stringify({ value: i, time: 1 }));
  await expect.poll(() => counts['stored'], wait).toBe(1_000);
  expect((await points('plant.temp')).at(-1)).toEqual([1, 999]);
  expect(await entriesIn(db.database)).toBeLessThan(300);
});

test('what cannot be read is acknowledged, counted, and told of once without what is in it', async () => {
  const { points, counts, log, stop } = await startConnected();
  for (const bad of ['', 'secret', '{"secret', '{"value":"secret"}', '{"stream":"x","points":[[1,"secret"]]}'])
    await broker.publish('plant/bad', bad);
  await broker.publish('plant/temp', at(1));
  await expect.poll(() => counts, wait).toEqual({ refused: 5, stored: 1 });
  expect(await points('plant.temp')).toEqual([[1, 1]]);
  expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  expect(JSON.stringify(log.lines)).not.toContain('secret');
  await stop();
  // None of them comes again.
  const again = await startConnected();
  await sleep(300);
  expect(again.counts).toEqual({});
});

test('what a broker kept from earlier has no time of its own, and is passed over', async () => {
  await broker.publish('plant/temp', '1', { retain: true });
  const { counts, points } = await startConnected();
  await broker.publish('plant/temp', at(2));
  await expect.poll(() => counts, wait).toEqual({ stored: 1 });
  expect(await points('plant.temp')).toEqual([[2, 2]]);
});

test('while the database stores nothing, nothing is acknowledged; then all of it is stored', async () => {
  const { counts, points, log } = await startConnected();
  const release = await holdCommits(db.database);
  for (let i = 0; i < 1_500; i++) void broker.publish('plant/temp', at(i));
  // Longer than any of our waits for the database.
  await sleep(3_500);
  expect(counts).toEqual({});
  await release();
  await expect.poll(() => counts['stored'], wait).toBe(1_500);
  expect(await points('plant.temp')).toEqual(Array.from({ length: 1_500 }, (_, i) => [i, i]));
  expect(log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
    'points of MQTT cannot be stored at the moment; they wait',
  ]);
});

test('while the database stores nothing, no more is read than there is room for', async () => {
  const { counts } = await startConnected();
  const release = await holdCommits(db.database);
  for (let i = 0; i < 600; i++) void broker.publish('plant/temp', at(i).padEnd(100_000, ' '));
  let before = -1;
  while (broker.sentBytes() !== before) {
    before = broker.sentBytes();
    await sleep(2_000);
  }
  // 8 MiB of room, and what the buffers between us hold.
  expect(before).toBeLessThan(40_000_000);
  await release();
  await expect.poll(() => counts['stored'], wait).toBe(600);
});

test('a bridge that stops while nothing can be stored has acknowledged nothing: the next one gets it', async () => {
  const { stop, counts } = await startConnected();
  const release = await holdCommits(db.database);
  for (let i = 0; i < 50; i++) await broker.publish('plant/temp', at(i));
  await sleep(200);
  await stop();
  expect(counts).toEqual({});
  await broker.publish('plant/temp', at(50));
  await release();
  const { points } = start();
  await expect.poll(async () => new Set((await points('plant.temp')).map(([time]) => time)).size, wait).toBe(51);
});

test('a connection that breaks costs nothing: what has no acknowledgement comes again, and is stored once', async () => {
  const { isUp, points, counts } = await startConnected();
  const release = await holdCommits(db.database);
  for (let i = 0; i < 100; i++) await broker.publish('plant/temp', at(i));
  await sleep(100);
  await broker.goAway();
  await expect.poll(isUp, wait).toBe(false);
  await broker.comeBack();
  await expect.poll(isUp, wait).toBe(true);
  // Time for what is sent again.
  await sleep(300);
  await release();
  for (let i = 100; i < 150; i++) await broker.publish('plant/temp', at(i));
  await expect.poll(async () => new Set((await points('plant.temp')).map(([time]) => time)).size, wait).toBe(150);
  expect(counts).toEqual({ stored: 150 });
});

test('a broker that is away, or does not let us in, is told of once and without the password', async () => {
  const strict = await startBroker({ password: 'hunter2' });
  onTestFinished(() => strict.stop());
  const wrong = start({ url: strict.url.replace('//', '//user:hunter3@') });
  await expect.poll(() => wrong.log.lines.length, wait).toBe(1);
  await sleep(500);
  expect(wrong.isUp()).toBe(false);
  expect(wrong.log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  expect(JSON.stringify(wrong.log.lines)).not.toContain('hunter');
  await wrong.stop();

  const right = await startConnected({ url: strict.url.replace('//', '//user:hunter2@') });
  await strict.goAway();
  await expect.poll(right.isUp, wait).toBe(false);
  await strict.comeBack();
  await expect.poll(right.isUp, wait).toBe(true);
  expect(right.log.lines.map(({ message }) => message)).toEqual([
    'the MQTT broker cannot be heard; trying again',
    'the MQTT broker is heard again',
  ]);
});
