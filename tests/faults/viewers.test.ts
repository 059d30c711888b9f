import { describe, expect, onTestFinished, test } from 'vitest';
import { startComposed } from '../../server/src/compose.testing.ts';
import { SECRET_KEY } from '../server.ts';
import { startLedger } from './ledger.ts';
import { allIsShown, createShown, type Change } from './shown.ts';
import { startViewers } from './viewers.ts';

// The record that all tests of live delivery rely on: each fault of delivery is found in it.

describe('the record of one viewer', () => {
  const untold = { resync: false, skipped: 0, thinned: false };
  const record = () => {
    const shown = createShown('v');
    const update = (changes: Change[], told = untold) => shown.update(new Map([['s', changes]]), told);
    return { ...shown, update };
  };

  test('what comes in order, each once, is well', () => {
    const { update, verdict, missing } = record();
    update([[0, 1], [2]]);
    update([[3]]);
    expect(missing('s', [0, 1, 2, 3], [0, 1, 2, 3])).toEqual([]);
    expect(verdict).toEqual(allIsShown);
  });

  test('what is not in the picture is lost', () => {
    const { update, missing } = record();
    update([[0, 1, 2]]);
    expect(missing('s', [0, 1, 2, 3], [0, 2])).toEqual(['v: s 1', 'v: s 3']);
  });

  test('what comes again is twice', () => {
    const { update, verdict } = record();
    update([[0, 1]]);
    update([[1, 2]]);
    expect(verdict).toEqual({ ...allIsShown, twice: ['v: s 1'] });
  });

  test('a gap that was seen and not told stays one when it is filled later, out of order', () => {
    const { update, verdict } = record();
    update([[0]]);
    update([[2]]);
    update([[1]]);
    expect(verdict).toEqual({ ...allIsShown, untoldGaps: ['v: s 1'], reordered: ['v: s 1'] });
  });

  test('nobody sees the gap where all of it comes in one update, but the order is wrong', () => {
    const { update, verdict } = record();
    update([[0], [2], [1]]);
    expect(verdict).toEqual({ ...allIsShown, reordered: ['v: s 1'] });
  });

  test('a gap that was told is none, but only as long as the number was right', () => {
    const { update, verdict, missing } = record();
    update([[0]]);
    update([[3]], { ...untold, skipped: 2 });
    expect(verdict).toEqual(allIsShown);
    expect(missing('s', [0, 1, 2, 3], [0, 3])).toEqual([]);
    update([[5]]);
    expect(verdict).toEqual({ ...allIsShown, untoldGaps: ['v: s 4'] });
  });

  test('history may be replaced where it is told, and must be whole', () => {
    const { update, verdict } = record();
    update([[0, 1]]);
    update(['cleared', [0, 1, 2, 3]], { ...untold, resync: true });
    expect(verdict).toEqual(allIsShown);
    update(['cleared', [1, 2, 3, 4]], { ...untold, resync: true });
    update(['cleared', [0, 1, 2, 3, 4]]);
    expect(verdict).toEqual({ ...allIsShown, untoldGaps: ['v: s 0', 'v: s was replaced after 4'] });
  });
});

describe('real viewers of a real server', () => {
  async function endure(env: Record<string, string> = {}, patienceMs = 20_000) {
    const server = await startComposed({ BOOTSTRAP_SECRET_KEY: SECRET_KEY, ...env });
    onTestFinished(server.stop);
    const ledger = startLedger({ url: server.url, name: 'viewers', restMs: 2 });
    await ledger.more(50);
    const viewers = startViewers({ url: server.url, selector: 'ledger.viewers.*', count: 3 });
    await viewers.live();
    await ledger.more(400);
    await ledger.settle();
    return { ledger, viewers, verdict: () => viewers.settle(ledger.sent, { patienceMs }) };
  }

  test('are shown everything once, in order', async () => {
    const { verdict } = await endure();
    expect(await verdict()).toEqual(allIsShown);
  });

  test('[S7] [H1] are shown what the network lost of one frame in thirty as well, also of the last ones', async () => {
    const { ledger, viewers, verdict } = await endure({ NODE_ENV: 'test', SABOTAGE: 'drop-frames' });
    await viewers.caughtUp(ledger.sent);
    expect(viewers.diagnostics().map(({ streams }) => streams[0]!.gaps)).not.toContain(0);
    expect(await verdict()).toEqual(allIsShown);
  });

  test.each([
    ['untold-gap', ['lost', 'untoldGaps']],
    ['resend', ['twice']],
    ['swap', ['reordered']],
  ] as const)('a server that breaks this is found out: %s', async (SABOTAGE, found) => {
    const { verdict } = await endure({ NODE_ENV: 'test', SABOTAGE }, 500);
    const faults = await verdict();
    for (const kind of found) expect(faults[kind]).not.toEqual([]);
  });
});
