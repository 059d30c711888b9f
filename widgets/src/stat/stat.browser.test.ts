import { expect, html } from '@open-wc/testing';
import {
  columnsWith,
  drawn,
  has,
  NOON,
  part,
  show,
  stoppedFeed,
  textOf,
  until,
  wave,
} from '../feed/fixtures.testing.ts';
import type { QuantumFluxStat } from './stat.ts';
import './stat.ts';

async function showStat(points: readonly (readonly [number, number])[], unit = 'percent') {
  const feed = stoppedFeed();
  if (points.length > 0) feed.write({ stream: 'a.b', unit }, points);
  const stat = await show<QuantumFluxStat>(feed, html`<quantumflux-stat stream="a.b"></quantumflux-stat>`);
  return { stat, feed };
}

describe('<quantumflux-stat>', () => {
  it('shows the newest value, its unit and what it is', async () => {
    const { stat } = await showStat([
      [NOON - 60_000, 33],
      [NOON, 37.25],
    ]);
    expect(textOf(stat, '.heading')).to.equal('a.b');
    expect(textOf(stat, '.value')).to.equal('37.3%');
    expect(textOf(stat, '.suffix')).to.equal('%');
  });

  it('shows how far it is from the start of the window', async () => {
    const { stat, feed } = await showStat([
      [NOON - 999_000, 0],
      [NOON - 60_000, 33],
      [NOON, 37.25],
    ]);
    expect(textOf(stat, '.delta')).to.equal('▲ 4.3% in 5 minutes');
    feed.write({ stream: 'a.b' }, [[NOON + 1, 30]]);
    await new Promise((done) => setTimeout(done, 300));
    expect(textOf(stat, '.delta')).to.equal('▼ 3% in 5 minutes');
    feed.write({ stream: 'a.b' }, [[NOON + 2, 33]]);
    await new Promise((done) => setTimeout(done, 300));
    expect(textOf(stat, '.delta')).to.equal('unchanged in 5 minutes');
  });

  it('has a sparkline', async () => {
    const { stat } = await showStat(wave());
    expect(columnsWith(stat, [0x26, 0x4d, 0xe3]).size).to.be.greaterThan(100);
  });

  it('says so when there are no points yet', async () => {
    const { stat } = await showStat([]);
    expect(textOf(stat, '.notice')).to.contain('No points of “a.b” yet.');
  });

  it('keeps the number and says since when it is not fresh', async () => {
    const { stat, feed } = await showStat(wave());
    feed.server.goAway();
    await until(() => has(stat, '.badge'));
    expect(textOf(stat, '.badge')).to.match(/^Reconnecting… last update \d s ago$/);
    expect(textOf(stat, '.value')).to.match(/%$/);
  });

  it('says that it can show only one stream', async () => {
    const feed = stoppedFeed();
    feed.write({ stream: 'a.b' }, wave());
    feed.write({ stream: 'a.c' }, wave());
    const stat = await show(feed, html`<quantumflux-stat stream="a.*"></quantumflux-stat>`);
    expect(textOf(stat, '.notice')).to.match(/^This selector picks 2 streams/);
  });

  it('is only number and name where there is little room', async () => {
    const { stat } = await showStat(wave());
    stat.style.height = '64px';
    await drawn();
    expect(part(stat, '.value').getBoundingClientRect().bottom).to.be.at.most(stat.getBoundingClientRect().bottom);
    expect(part(stat, 'canvas').getBoundingClientRect().height).to.equal(0);
  });
});
