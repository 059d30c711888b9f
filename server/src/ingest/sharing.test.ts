import { expect, test } from 'vitest';
import { sharing } from './sharing.ts';

function counted() {
  const asked: string[] = [];
  const ask = async (name: string) => {
    asked.push(name);
    await new Promise((done) => setTimeout(done, 10));
    if (name === 'nobody') throw new Error('there is nobody');
    return { name };
  };
  return { asked, ask: sharing(ask, (name) => name) };
}

test('a crowd that asks the same gets one answer', async () => {
  const { asked, ask } = counted();
  const answers = await Promise.all(['ada', 'ada', 'grace', 'ada'].map((name) => ask(name)));
  expect(answers.map(({ name }) => name)).toEqual(['ada', 'ada', 'grace', 'ada']);
  expect(asked).toEqual(['ada', 'grace']);
});

test('who asks after the answer is answered anew', async () => {
  const { asked, ask } = counted();
  await ask('ada');
  await ask('ada');
  expect(asked).toEqual(['ada', 'ada']);
});

test('a refusal is shared as well, and not kept', async () => {
  const { asked, ask } = counted();
  const answers = await Promise.allSettled([ask('nobody'), ask('nobody')]);
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(ask('nobody')).rejects.toThrow('there is nobody');
  expect(asked).toEqual(['nobody', 'nobody']);
});
