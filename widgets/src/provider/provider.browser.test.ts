import { expect, fixture, html } from '@open-wc/testing';
import type { QuantumFluxChart } from '../chart/chart.ts';
import '../chart/chart.ts';
import { drawn, part, show, stoppedFeed, textOf, wave } from '../feed/fixtures.testing.ts';
import type { QuantumFluxProvider } from './provider.ts';
import './provider.ts';

const inside = (provider: Element) => provider.querySelector('quantumflux-chart')!;

async function noticeWith(attributes: { url?: string; key?: string }): Promise<string> {
  const provider = await fixture<QuantumFluxProvider>(html`
    <quantumflux-provider url=${attributes.url ?? ''} key=${attributes.key ?? ''}>
      <quantumflux-chart stream="a.b"></quantumflux-chart>
    </quantumflux-provider>
  `);
  await drawn();
  return textOf(inside(provider), '.notice');
}

describe('<quantumflux-provider>', () => {
  it('serves widgets at any depth, and the nearest one decides', async () => {
    const inner = stoppedFeed();
    inner.write({ stream: 'a.b' }, wave());
    const outer = stoppedFeed();
    await show(
      outer,
      html`<div>
        <quantumflux-chart stream="a.b"></quantumflux-chart>
        <quantumflux-provider .client=${inner.client}
          ><p><quantumflux-chart stream="a.b"></quantumflux-chart></p
        ></quantumflux-provider>
      </div>`,
    );
    expect([outer.server.subscriptions, inner.server.subscriptions]).to.deep.equal([1, 1]);
  });

  it('hands a new client to everybody inside', async () => {
    const chart = await show<QuantumFluxChart>(
      stoppedFeed(),
      html`<quantumflux-chart stream="a.b"></quantumflux-chart>`,
    );
    const provider = chart.closest('quantumflux-provider')!;
    const other = stoppedFeed();
    other.write({ stream: 'a.b' }, wave());
    provider.client = other.client;
    await drawn();
    expect(other.server.subscriptions).to.equal(1);
    expect(textOf(chart, '.legend')).to.contain('a.b');
  });

  it('takes no room of its own', async () => {
    const chart = await show(stoppedFeed(), html`<quantumflux-chart stream="a.b"></quantumflux-chart>`);
    expect(getComputedStyle(chart.parentElement!).display).to.equal('contents');
  });

  it('says that an address is none', async () => {
    expect(await noticeWith({ url: 'http://' })).to.match(/http:\/\//);
  });

  it('refuses a key that must stay secret', async () => {
    expect(await noticeWith({ key: 'qf_sk_0123456789' })).to.match(
      /^This key is secret, and everybody can read it here\./,
    );
  });

  it('waits when the address is right', async () => {
    const provider = await fixture<QuantumFluxProvider>(html`
      <quantumflux-provider url="http://localhost:9" key="qf_pk_demo">
        <quantumflux-chart stream="a.b"></quantumflux-chart>
      </quantumflux-provider>
    `);
    await drawn();
    expect(part(inside(provider), '.frame').ariaBusy).to.equal('true');
  });
});
