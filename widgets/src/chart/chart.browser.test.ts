import { expect, fixture, html } from '@open-wc/testing';
import { QuantumFluxError } from '@quantumflux/sdk';
import {
  columnsWith,
  drawn,
  has,
  NOON,
  part,
  pixelsOf,
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
const SECOND = [0xdd, 0x7a, 0x14] as const;

describe('<quantumflux-chart>', () => {
  it('draws the points and names the newest value', async () => {
    const { chart } = await showChart([...wave(299), [NOON, 37.25]]);
    expect(columnsWith(chart, FIRST).size).to.be.greaterThan(100);
    expect(textOf(chart, '.legend')).to.equal('a.b 37.3%');
  });

  it('draws new points when they come', async () => {
    const { chart, feed } = await showChart(wave().slice(0, 100));
    const before = columnsWith(chart, FIRST).size;
    feed.write({ stream: 'a.b' }, wave().slice(100));
    await drawn();
    expect(columnsWith(chart, FIRST).size).to.be.greaterThan(1.5 * before);
  });

  it('leaves a gap where points are missing', async () => {
    const points = wave().filter((_, i) => i < 120 || i >= 200);
    const { chart } = await showChart(points);
    const columns = columnsWith(chart, FIRST);
    const width = part<HTMLCanvasElement>(chart, 'canvas').width;
    const middle = Array.from({ length: 20 }, (_, i) => Math.round(width * 0.54) + i);
    expect(middle.filter((column) => columns.has(column))).to.deep.equal([]);
  });

  it('draws dense lines and areas too', async () => {
    const dense = Array.from(
      { length: 20_000 },
      (_, i) => [NOON - (20_000 - i) * 15, 50 + 40 * Math.sin(i / 900)] as const,
    );
    const { chart } = await showChart(dense);
    const line = columnsWith(chart, FIRST).size;
    expect(line).to.be.greaterThan(200);
    chart.kind = 'area';
    await drawn();
    expect(columnsWith(chart, FIRST).size).to.be.at.least(line);
  });

  it('draws every stream that the selector picks, each in its colour, with a short name', async () => {
    const feed = stoppedFeed();
    feed.write({ stream: 'net.received', unit: 'bytes/s' }, wave());
    feed.write(
      { stream: 'net.sent', unit: 'bytes/s' },
      wave().map(([time, value]) => [time, value / 2] as const),
    );
    const chart = await show(feed, html`<quantumflux-chart stream="net.*"></quantumflux-chart>`);
    expect(textOf(chart, '.legend')).to.match(/^received [\d.]+ B\/s sent [\d.]+ B\/s$/);
    expect(columnsWith(chart, FIRST).size).to.be.greaterThan(100);
    expect(columnsWith(chart, SECOND).size).to.be.greaterThan(100);
  });

  it('takes in streams that come later', async () => {
    const { chart, feed } = await showChart();
    chart.stream = 'a.*';
    feed.write({ stream: 'a.c', unit: 'percent' }, wave());
    await drawn();
    expect(part(chart, '.legend').children.length).to.equal(2);
  });

  it('moves on with time, without new points', async () => {
    const { chart, feed } = await showChart();
    chart.window = '10s';
    await drawn();
    const before = pixelsOf(chart).data.join();
    feed.server.stopClock(NOON + 4_000);
    await new Promise((done) => setTimeout(done, 200));
    expect(pixelsOf(chart).data.join()).not.to.equal(before);
  });

  it('is a skeleton while it waits', async () => {
    const feed = stoppedFeed();
    feed.server.goAway();
    const chart = await show(feed, html`<quantumflux-chart stream="a.b"></quantumflux-chart>`);
    expect(part(chart, '.frame').ariaBusy).to.equal('true');
    expect(textOf(chart, '.skeleton')).to.equal('Loading');
  });

  it('says so when there are no points yet, and goes on when there are', async () => {
    const { chart, feed } = await showChart([], { stream: 'plant.temp' });
    expect(textOf(chart, '.notice')).to.equal(
      'No points of “plant.temp” yet. They appear here as soon as the first one is written.',
    );
    feed.write({ stream: 'plant.temp' }, wave());
    await drawn();
    expect(has(chart, '.notice')).to.equal(false);
    expect(columnsWith(chart, FIRST).size).to.be.greaterThan(100);
  });

  it('says so when all points are older than the window', async () => {
    const { chart } = await showChart(wave(10, NOON - 3_600_000));
    expect(textOf(chart, '.notice')).to.contain('No points of “a.b” in the last 5 minutes.');
  });

  it('has room for the page’s own words', async () => {
    const chart = await show(
      stoppedFeed(),
      html`<quantumflux-chart stream="x"><b slot="empty">Nobody measured anything.</b></quantumflux-chart>`,
    );
    const slot = part<HTMLSlotElement>(chart, 'slot[name=empty]');
    expect(slot.assignedElements()[0]!.textContent).to.equal('Nobody measured anything.');
  });

  it('keeps the picture and says since when it is not fresh', async () => {
    const { chart, feed } = await showChart();
    const before = columnsWith(chart, FIRST).size;
    const comeBack = feed.server.goAway();
    await until(() => has(chart, '.badge'));
    expect(textOf(chart, '.badge')).to.match(/^Reconnecting… last update \d s ago$/);
    expect(columnsWith(chart, FIRST).size).to.be.closeTo(before, 30);
    comeBack();
    await until(() => !has(chart, '.badge'));
  });

  it('says what the server says when it refuses', async () => {
    const feed = stoppedFeed({
      grant: () => {
        throw new QuantumFluxError('forbidden', 'This key may not read “a.b”. Ask for one that may.');
      },
    });
    const chart = await show(feed, html`<quantumflux-chart stream="a.b"></quantumflux-chart>`);
    expect(textOf(chart, '.notice')).to.equal('This key may not read “a.b”. Ask for one that may.');
  });

  it('says how to name a server when there is none', async () => {
    const chart = await fixture<QuantumFluxChart>(html`<quantumflux-chart stream="a.b"></quantumflux-chart>`);
    await drawn();
    expect(textOf(chart, '.notice')).to.contain('No server is named here.');
  });

  it('is only its line where there is little room', async () => {
    const { chart } = await showChart();
    chart.style.height = '40px';
    await drawn();
    expect(part(chart, 'header').getBoundingClientRect().height).to.equal(0);
    expect(part(chart, 'canvas').getBoundingClientRect().height).to.equal(40);
    expect(columnsWith(chart, FIRST).size).to.be.greaterThan(100);
  });
});
