import { expect, html, nextFrame } from '@open-wc/testing';
import {
  columnsWith,
  drawn,
  has,
  NOON,
  show,
  showChart,
  stoppedFeed,
  textOf,
  until,
  wave,
} from '../feed/fixtures.testing.ts';
import '../stat/stat.ts';
import type { QuantumFluxChart } from './chart.ts';
import './chart.ts';
import { detailFor } from './detail.ts';

const FIRST = [0x26, 0x4d, 0xe3] as const;

/** Looks at every frame from now on, and says whether something was to be seen in one of them. */
function watchFor(check: () => boolean): () => boolean {
  let isOver = false;
  let isSeen = false;
  const look = async () => {
    while (!isOver) {
      isSeen ||= check();
      await nextFrame();
    }
  };
  void look();
  return () => ((isOver = true), isSeen);
}

function hidePage(isHidden: boolean): void {
  if (isHidden) Object.defineProperty(document, 'hidden', { configurable: true, value: true });
  else Reflect.deleteProperty(document, 'hidden');
  document.dispatchEvent(new Event('visibilitychange'));
}

describe('what a chart asks for', () => {
  it('is what it can show', async () => {
    const feed = stoppedFeed();
    await show(feed, html`<quantumflux-chart stream="a" window="5m" style="width: 800px"></quantumflux-chart>`);
    await show(feed, html`<quantumflux-chart stream="b" window="30s" style="width: 500px"></quantumflux-chart>`);
    await show(feed, html`<quantumflux-stat stream="c"></quantumflux-stat>`);
    const asked = feed.server.requests.map(({ selector, from, width, maxHz }) => [selector, from, width, maxHz]);
    expect(asked).to.deep.equal([
      ['a', '-5m', 1_024, 5],
      ['b', '-30s', 512, 17],
      ['c', '-5m', 250, 5],
    ]);
  });

  it('comes as often as it moves the picture by a pixel, within what eyes can use', () => {
    expect(detailFor(800, 900_000, 0).maxHz).to.equal(5);
    expect(detailFor(800, 100_000, 0).maxHz).to.equal(10);
    expect(detailFor(800, 1_000, 0).maxHz).to.equal(30);
  });

  it('does not change with a pixel', () => {
    let asked = 0;
    const widths = new Set<number>();
    for (const width of [720, 724, 725, 720, 730, 700, 800, 650]) {
      asked = detailFor(width, 60_000, asked).width;
      widths.add(asked);
    }
    expect([...widths]).to.deep.equal([724, 1_024]);
  });

  for (const [change, happen] of [
    ['its size', (chart: QuantumFluxChart) => (chart.style.width = '300px')],
    ['its window', (chart: QuantumFluxChart) => (chart.window = '4m')],
  ] as const) {
    it(`changes with ${change}, and the picture stays until the other is there`, async () => {
      const { chart, feed } = await showChart();
      const release = feed.server.holdReplies();
      const isBlank = watchFor(() => has(chart, '.skeleton') || columnsWith(chart, FIRST).size < 100);
      happen(chart);
      await until(() => feed.server.requests.length === 2);
      await drawn();
      feed.write({ stream: 'a.b' }, [[NOON, 12]]);
      await until(() => textOf(chart, '.legend') === 'a.b 12%');
      release();
      await until(() => feed.server.subscriptions === 1);
      await drawn();
      expect(isBlank()).to.equal(false);
      expect(feed.server.requests[1]).not.to.have.property('resume');
    });
  }
});

describe('a chart that nobody sees', () => {
  const ways: [way: string, hide: (chart: HTMLElement) => void, show: (chart: HTMLElement) => void][] = [
    ['is hidden', (chart) => (chart.hidden = true), (chart) => (chart.hidden = false)],
    ['is out of sight', (chart) => (chart.style.marginTop = '9000px'), (chart) => (chart.style.marginTop = '')],
    ['is in a page that is', () => hidePage(true), () => hidePage(false)],
  ];
  for (const [way, hide, show] of ways) {
    it(`and ${way} stops watching after a while, and goes on from there without a word`, async () => {
      const { chart, feed } = await showChart();
      hide(chart);
      await drawn();
      expect(feed.server.subscriptions).to.equal(1);
      await until(() => feed.server.subscriptions === 0);
      feed.write({ stream: 'a.b' }, [[NOON, 12]]);
      const isTold = watchFor(() => has(chart, '.badge') || has(chart, '.skeleton'));
      show(chart);
      await until(() => textOf(chart, '.legend') === 'a.b 12%');
      expect(feed.server.requests).to.have.length(2);
      expect(feed.server.requests[1]).to.have.property('resume');
      expect(isTold()).to.equal(false);
    });
  }

  it('gets history instead of all that was missed when it was away for long, and keeps its picture until then', async () => {
    const { chart, feed } = await showChart();
    chart.hidden = true;
    await until(() => feed.server.subscriptions === 0);
    feed.write({ stream: 'a.b' }, [[NOON, 12]]);
    const { now } = Date;
    Date.now = () => now() + 61_000;
    const isTold = watchFor(() => has(chart, '.badge') || has(chart, '.skeleton'));
    chart.hidden = false;
    await until(() => textOf(chart, '.legend') === 'a.b 12%');
    Date.now = now;
    expect(feed.server.requests).to.have.length(2);
    expect(feed.server.requests[1]).not.to.have.property('resume');
    expect(isTold()).to.equal(false);
  });

  it('goes on watching when somebody looks again soon', async () => {
    const { chart, feed } = await showChart();
    chart.hidden = true;
    await drawn();
    chart.hidden = false;
    await new Promise((done) => setTimeout(done, 4_500));
    expect([feed.server.subscriptions, feed.server.requests.length]).to.deep.equal([1, 1]);
  });

  it('does not begin to watch before it comes near', async () => {
    const feed = stoppedFeed();
    feed.write({ stream: 'a.b' }, wave());
    const page = await show<HTMLElement>(
      feed,
      html`<div style="padding-top: 5000px"><quantumflux-chart stream="a.b"></quantumflux-chart></div>`,
    );
    expect(feed.server.requests).to.have.length(0);
    page.style.paddingTop = '';
    await until(() => feed.server.subscriptions === 1);
  });

  it('goes on telling what it is to tell', async () => {
    const feed = stoppedFeed();
    feed.write({ stream: 'a.b' }, wave());
    const chart = await show<HTMLElement>(feed, html`<quantumflux-chart stream="a.b" narrate></quantumflux-chart>`);
    chart.style.marginTop = '9000px';
    await new Promise((done) => setTimeout(done, 4_500));
    expect(feed.server.subscriptions).to.equal(1);
  });
});
