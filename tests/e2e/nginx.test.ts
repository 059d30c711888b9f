import { describe, expect, test } from 'vitest';
import { checkNginxFiles, hasNginx } from '../nginx.ts';

describe.skipIf(!hasNginx())('deploy/nginx', () => {
  test('is taken by nginx as it is', async () => {
    expect(await checkNginxFiles()).toMatch(/test is successful/);
  });
});
