import { expect, fixture, html } from '@open-wc/testing';
import { sendKeys } from '@web/test-runner-commands';
import '../chart/chart.ts';
import { drawn, NOON, part, show, stoppedFeed, textOf, until, wave } from '../feed/fixtures.testing.ts';
import type { QuantumFluxDebug } from './debug.ts';
import './debug.ts';

async function showDebug() {
  const feed = stoppedFeed();
  feed.write({ stream: 'a.b' }, wave());
  await show(feed, html`<quantumflux-chart stream="a.*"></quantumflux-chart>`);
  const main = await fixture(html`<main><quantumflux-debug></quantumflux-debug></main>`);
  const debug = main.querySelector('quantumflux-debug')!;
  await debug.updateComplete;
  return { debug, feed, main };
}

const valueOf = (debug: QuantumFluxDebug, name: string) =>
  [...debug.shadowRoot!.querySelectorAll('dl div')].find((each) => each.textContent.includes(name))?.children[1]!
    .textContent;

const row = (debug: QuantumFluxDebug) =>
  [...debug.shadowRoot!.querySelectorAll('tbody tr > *')].map(({ textContent }) => textContent);

describe('<quantumflux-debug>', () => {
  it('tells what the connection does and what is watched', async () => {
    const { debug } = await showDebug();
    expect(textOf(debug, 'h3')).to.match(/^connected \(opened\) \d s ago$/);
    expect(valueOf(debug, 'Transport')).to.equal('in process');
    expect(valueOf(debug, 'Protocol')).to.equal('2');
    expect(row(debug).slice(0, 3)).to.deep.equal(['a.*', 'live', '1']);
  });

  it('keeps up with what happens: points, gaps, and what was left out', async () => {
    const { debug, feed } = await showDebug();
    feed.write({ stream: 'a.b' }, [[NOON, 1]]);
    await until(() => row(debug)[3]?.startsWith('1 (') === true);
    feed.server.loseFrames(1);
    feed.write({ stream: 'a.b' }, [[NOON, 2]]);
    feed.write({ stream: 'a.b' }, [[NOON, 3]]);
    await until(() => row(debug)[7] === '1');
    const release = feed.server.stall();
    for (let i = 0; i < 5; i++) feed.write({ stream: 'a.b' }, [[NOON + i, i]]);
    release();
    await until(() => row(debug)[6] === '4');
  });

  it('says why there is no connection, and when there will be another attempt', async () => {
    const { debug, feed } = await showDebug();
    feed.server.goAway();
    await until(() => /^(waiting \(unreachable\), next attempt in \d s|connecting)/.test(textOf(debug, 'h3')));
    await until(() => textOf(debug, '.frame').includes('cannot be reached'));
  });

  it('says when it finds nothing to tell of', async () => {
    const debug = await fixture(html`<quantumflux-debug></quantumflux-debug>`);
    expect(textOf(debug, '.frame')).to.contain('No widget of this page has a client.');
  });

  it('is closed by its button, and by Escape', async () => {
    const { debug, main } = await showDebug();
    part(debug, 'button').click();
    expect(debug.isConnected).to.equal(false);
    main.append(debug);
    part(debug, '.frame').focus();
    await sendKeys({ press: 'Escape' });
    expect(debug.isConnected).to.equal(false);
  });

  for (const theme of ['light', 'dark'] as const) {
    it(`is accessible in ${theme}`, async () => {
      const { debug, main, feed } = await showDebug();
      debug.theme = theme;
      await drawn();
      await expect(main).to.be.accessible();
      feed.server.goAway();
      await until(() => debug.shadowRoot!.querySelector('.complaint') !== null);
      await expect(main).to.be.accessible();
    });
  }
});
