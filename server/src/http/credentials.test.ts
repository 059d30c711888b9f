import { expect, test } from 'vitest';
import { credentialsOf } from './credentials.ts';

test.each([
  ['Bearer qf_sk_1', 'qf_sk_1'],
  ['bearer   qf_sk_1 ', 'qf_sk_1'],
  ['Basic dXNlcjpwYXNz', undefined],
  ['Bearer', undefined],
  ['Bearer two words', undefined],
  ['qf_sk_1', undefined],
  [undefined, undefined],
])('Authorization: %s shows %s', (authorization, bearer) => {
  expect(credentialsOf({ authorization }).bearer).toBe(bearer);
});

test('the origin is what the browser says', () => {
  expect(credentialsOf({ origin: 'https://example.com', host: 'charts.example.com' }).origin).toBe(
    'https://example.com',
  );
});

test('a page that reads from its own server says no origin, but that it is the same', () => {
  const headers = { host: 'localhost:5000', 'sec-fetch-site': 'same-origin' };
  expect(credentialsOf(headers).origin).toBe('http://localhost:5000');
  expect(credentialsOf(headers, { encrypted: true }).origin).toBe('https://localhost:5000');
});

test.each(['cross-site', 'same-site', 'none', undefined])('no origin is made up for Sec-Fetch-Site: %s', (site) => {
  const headers = { host: 'localhost:5000', ...(site === undefined ? {} : { 'sec-fetch-site': site }) };
  expect(credentialsOf(headers).origin).toBeUndefined();
});
