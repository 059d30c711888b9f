import { expect, html } from '@open-wc/testing';
import { sendKeys } from '@web/test-runner-commands';
import { drawn, NOON, part, show, showChart, stoppedFeed, textOf, wave } from '../feed/fixtures.testing.ts';
import type { QuantumFluxChart } from './chart.ts';
import './chart.ts';

const cellsOf = (row: Element) => [...row.children].map((cell) => cell.textContent.trim());

describe('the table', () => {
  it('has the newest points, newest first, for everybody who looks for them', async () => {
    const { chart } = await showChart([...wave(299), [NOON, 37.25]]);
    const rows = [...chart.shadowRoot!.querySelectorAll('tbody tr')];
    expect(rows.length).to.equal(10);
    expect(cellsOf(rows[0]!)).to.deep.equal(['12:00:00', '37.25%']);
    expect(cellsOf(rows[1]!)[0]).to.equal('11:59:59');
    expect(textOf(chart, 'caption')).to.equal('Newest points of a.b');
    expect(part(chart, 'table').getBoundingClientRect().height).to.be.greaterThan(0);
    expect(part(chart, '.unseen').getBoundingClientRect().width).to.be.at.most(1);
  });

  it('has a column per stream, and leaves empty what is not there', async () => {
    const feed = stoppedFeed();
    feed.write({ stream: 'x.one' }, [
      [NOON - 1_000, 1],
      [NOON, 2],
    ]);
    feed.write({ stream: 'x.two' }, [[NOON - 500, 3]]);
    const chart = await show(feed, html`<quantumflux-chart stream="x.*"></quantumflux-chart>`);
    const table = [...chart.shadowRoot!.querySelectorAll('tr')].map(cellsOf);
    expect(table.map((cells) => cells.slice(1))).to.deep.equal([
      ['one', 'two'],
      ['2', ''],
      ['', '3'],
      ['1', ''],
    ]);
  });

  it('is shown instead of the picture by its button', async () => {
    const { chart } = await showChart();
    part(chart, 'button').click();
    await drawn();
    expect(chart.table).to.equal(true);
    expect(chart.hasAttribute('table')).to.equal(true);
    expect(chart.shadowRoot!.querySelectorAll('tbody tr').length).to.equal(50);
    expect(part(chart, 'button').ariaPressed).to.equal('true');
    expect(part(chart, '.twin').getBoundingClientRect().height).to.be.greaterThan(100);
    expect(part(chart, 'canvas').getBoundingClientRect().height).to.equal(0);
  });

  it('is shown by the key T, which keeps the focus in the chart', async () => {
    const { chart } = await showChart();
    part(chart, '.region').focus();
    await sendKeys({ press: 't' });
    await drawn();
    expect(chart.shadowRoot!.activeElement?.className).to.equal('twin');
    await sendKeys({ press: 't' });
    await drawn();
    expect(chart.shadowRoot!.activeElement?.className.trim()).to.equal('region');
  });

  it('follows, but not with every point', async () => {
    const { chart, feed } = await showChart();
    chart.table = true;
    await drawn();
    let changes = 0;
    new MutationObserver(() => changes++).observe(part(chart, 'tbody'), {
      subtree: true,
      childList: true,
      characterData: true,
    });
    for (let i = 1; i <= 20; i++) {
      feed.write({ stream: 'a.b' }, [[NOON + i, i]]);
      await new Promise((done) => setTimeout(done, 50));
    }
    expect(changes).to.be.within(1, 4);
    await new Promise((done) => setTimeout(done, 600));
    expect(textOf(chart, 'tbody td')).to.equal('20%');
  });
});

describe('narration', () => {
  it('is silent unless it was asked for', async () => {
    const { chart, feed } = await showChart();
    feed.write({ stream: 'a.b' }, [[NOON + 1, 1]]);
    await drawn();
    expect(textOf(chart, '[role=status]')).to.equal('');
  });

  it('tells the newest value and between what it moved', async () => {
    const feed = stoppedFeed();
    feed.write({ stream: 'a.b', unit: 'percent' }, [
      [NOON - 2_000, 10],
      [NOON - 1_000, 90],
      [NOON, 50],
    ]);
    const chart = await show<QuantumFluxChart>(
      feed,
      html`<quantumflux-chart stream="a.b" narrate></quantumflux-chart>`,
    );
    expect(textOf(chart, '[role=status]')).to.equal('a.b: 50%, between 10% and 90% in the last 5 minutes.');
  });
});
