import { expect, fixture, html } from '@open-wc/testing';
import { QuantumFluxChart } from '../chart/chart.ts';
import { drawn, stoppedFeed, textOf, wave } from '../feed/fixtures.testing.ts';
import { provideDefaultClient } from './default-client.ts';
import { define } from './define.ts';

describe('two copies of us in one page', () => {
  it('the second one steps back', async () => {
    const copy = (await import('../chart/chart.ts' + '?copy')) as { QuantumFluxChart: typeof QuantumFluxChart };
    expect(copy.QuantumFluxChart === QuantumFluxChart).to.equal(false);
    expect(customElements.get('quantumflux-chart') === QuantumFluxChart).to.equal(true);
    define('quantumflux-chart', class extends HTMLElement {});
    expect(customElements.get('quantumflux-chart') === QuantumFluxChart).to.equal(true);
  });

  it('the default client of either serves the widgets of both', async () => {
    const chart = await fixture<QuantumFluxChart>(html`<quantumflux-chart stream="a.b"></quantumflux-chart>`);
    await drawn();
    expect(textOf(chart, '.notice')).to.contain('No server is named here.');

    const [first, second] = [stoppedFeed(), stoppedFeed()];
    first.write({ stream: 'a.b' }, wave());
    let made = 0;
    provideDefaultClient(() => (made++, first.client));
    provideDefaultClient(() => second.client);
    await fixture(html`<quantumflux-chart stream="a.b"></quantumflux-chart>`);
    await drawn();
    expect(textOf(chart, '.legend')).to.contain('a.b');
    // One subscription: they show the same.
    expect([made, first.server.subscriptions, second.server.subscriptions]).to.deep.equal([1, 1, 0]);
  });
});
