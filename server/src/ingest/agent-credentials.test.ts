import { expect, test } from 'vitest';
import { agentCredentials } from './agent-credentials.ts';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

test.each([
  ['Bearer qf_sk_1', 'qf_sk_1'],
  ['Token qf_sk_1', 'qf_sk_1'],
  ['token name:qf_sk_1', 'qf_sk_1'],
  [basic('name:qf_sk_1'), 'qf_sk_1'],
  ['Digest qf_sk_1', undefined],
  [undefined, undefined],
])('%s shows the key %s', (authorization, bearer) => {
  const headers = authorization === undefined ? {} : { authorization };
  expect(agentCredentials({ headers })).toEqual({ bearer, origin: undefined });
});
