import { expect, html } from '@open-wc/testing';
import { drawn, has, show, showChart, stoppedFeed, textOf } from '../feed/fixtures.testing.ts';
import type { QuantumFluxChart } from './chart.ts';
import './chart.ts';

const mistakes: [attributes: Record<string, string>, words: RegExp][] = [
  [{ stream: '' }, /^No stream is named/],
  [{ stream: 'a.b', window: 'banana' }, /^window="banana" is not a length of time; write for example 30s/],
  [{ stream: 'a.b', window: '' }, /^window="" is not a length of time/],
  [{ stream: 'a.b', window: '0s' }, /^window="0s" is not a length of time/],
  [{ stream: 'a.b', window: '900w' }, /^window="900w" is out of range/],
  [{ stream: 'a.b', kind: 'pie' }, /^kind="pie" is not a kind of chart; write kind="line" or kind="area"/],
  [{ stream: 'a.b', min: 'low' }, /^min is not a number/],
  [{ stream: 'a.b', min: '5', max: '5' }, /^min="5" is not below max="5"/],
  [{ stream: 'a.b{' }, /^The selector is not right at column 5/],
];

describe('a wrong attribute', () => {
  for (const [attributes, words] of mistakes) {
    it(`is answered with a sentence: ${JSON.stringify(attributes)}`, async () => {
      const chart = await show<QuantumFluxChart>(stoppedFeed(), html`<quantumflux-chart></quantumflux-chart>`);
      for (const [name, value] of Object.entries(attributes)) chart.setAttribute(name, value);
      await drawn();
      expect(textOf(chart, '.notice')).to.match(words);
    });
  }

  it('can be put right', async () => {
    const { chart } = await showChart();
    chart.window = 'banana';
    await drawn();
    expect(textOf(chart, '.notice')).to.contain('banana');
    chart.window = '1m';
    await drawn();
    expect(has(chart, '.notice')).to.equal(false);
    chart.setAttribute('min', 'low');
    await drawn();
    chart.removeAttribute('min');
    await drawn();
    expect(has(chart, '.notice')).to.equal(false);
  });
});
