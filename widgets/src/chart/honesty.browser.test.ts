import { expect, html } from '@open-wc/testing';
import type { Point } from '@quantumflux/sdk/protocol';
import {
  columnsWith,
  drawn,
  has,
  NOON,
  part,
  show,
  showChart,
  stoppedFeed,
  textOf,
  until,
  wave,
} from '../feed/fixtures.testing.ts';
import type { QuantumFluxChart } from './chart.ts';
import './chart.ts';

const FIRST = [0x26, 0x4d, 0xe3] as const;

/** The client takes nothing while these are written, each in a write of its own. */
function writeTooMuch({ server, write }: ReturnType<typeof stoppedFeed>, points: readonly Point[]): void {
  const release = server.stall();
  for (const point of points) write({ stream: 'a.b' }, [point]);
  release();
}

describe('what is not there', () => {
  it('is a gap, and is said in the header, the table and the narration', async () => {
    const feed = stoppedFeed();
    const points = wave();
    feed.write({ stream: 'a.b', unit: 'percent' }, points.slice(0, 100));
    const chart = await show<QuantumFluxChart>(
      feed,
      html`<quantumflux-chart stream="a.b" narrate></quantumflux-chart>`,
    );
    writeTooMuch(feed, points.slice(100, 250));
    feed.write({ stream: 'a.b' }, points.slice(250));
    await until(() => has(chart, '.badge'));
    expect(textOf(chart, '.badge')).to.equal('149 points left out at 12:00:00');
    await until(() => textOf(chart, 'caption') === 'Newest points of a.b. 149 points left out at 12:00:00');
    const { width } = part<HTMLCanvasElement>(chart, 'canvas');
    const columns = columnsWith(chart, FIRST);
    const middle = Array.from({ length: 20 }, (_, i) => Math.round(width * 0.6) + i);
    expect(middle.filter((column) => columns.has(column))).to.deep.equal([]);
    await expect(chart).to.be.accessible();
  });

  it('is not said any more when it would have left the window', async () => {
    const { chart, feed } = await showChart();
    chart.window = '10s';
    await drawn();
    writeTooMuch(feed, [
      [NOON, 1],
      [NOON + 1, 2],
    ]);
    await until(() => has(chart, '.badge'));
    expect(textOf(chart, '.badge')).to.equal('1 point left out at 12:00:00');
    feed.server.stopClock(NOON + 11_000);
    feed.write({ stream: 'a.b' }, [[NOON + 11_000, 3]]);
    await until(() => !has(chart, '.badge'));
  });

  it('is not said any more when it came after all, because the chart was resized', async () => {
    const { chart, feed } = await showChart();
    writeTooMuch(feed, [
      [NOON - 1, 1],
      [NOON, 2],
    ]);
    await until(() => has(chart, '.badge'));
    chart.style.width = '300px';
    await until(() => !has(chart, '.badge'));
  });

  it('is said of everything, for a moment, when history was replaced', async () => {
    const { chart, feed } = await showChart();
    const comeBack = feed.server.goAway();
    feed.server.forget();
    feed.write({ stream: 'a.b' }, [[NOON, 12]]);
    feed.server.forget();
    comeBack();
    await until(() => has(chart, '.badge.quiet'));
    expect(textOf(chart, '.badge')).to.equal('Loaded anew at 12:00:00');
    feed.server.stopClock(NOON + 16_000);
    feed.write({ stream: 'a.b' }, [[NOON + 16_000, 3]]);
    await until(() => !has(chart, '.badge'));
  });
});

describe('points that are too many for the picture', () => {
  /** 1000 points per second, for two seconds from now on. */
  async function flood() {
    const { chart, feed } = await showChart(wave(200));
    for (let i = 0; i < 20; i++) {
      const burst = Array.from({ length: 100 }, (_, k): Point => [NOON + 100 * i + k, k === 50 ? 1_000 + i : k]);
      feed.server.stopClock(NOON + 100 * i + 99);
      feed.write({ stream: 'a.b', unit: 'percent' }, burst);
      await new Promise((done) => setTimeout(done, 20));
    }
    return { chart, feed };
  }

  it('are thinned, but the newest value is the newest, and no extreme is lost', async () => {
    const { chart } = await flood();
    await until(() => textOf(chart, '.legend') === 'a.b 99%');
    chart.table = true;
    await until(() => textOf(chart, 'tbody').includes('1,019%'));
    expect(chart.shadowRoot!.querySelectorAll('tbody tr').length).to.be.lessThan(51);
    await until(() => textOf(chart, 'caption').endsWith('Of each 500 milliseconds the lowest and the highest'));
  });

  it('are said to be all where they are', async () => {
    const { chart } = await showChart();
    expect(textOf(chart, 'caption')).to.equal('Newest points of a.b');
  });
});
