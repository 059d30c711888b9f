import { expect, html, nextFrame, oneEvent } from '@open-wc/testing';
import { sendKeys, sendMouse } from '@web/test-runner-commands';
import { drawn, NOON, part, pixelsOf, show, showChart, stoppedFeed, textOf, wave } from '../feed/fixtures.testing.ts';
import './chart.ts';

const points = [...wave(297, NOON - 3_000), [NOON - 2_000, 10], [NOON - 1_000, 20], [NOON, 30]] as [number, number][];

async function press(...keys: string[]) {
  for (const key of keys) await sendKeys({ press: key });
  await drawn();
}

async function focusedChart() {
  const { chart } = await showChart(points);
  part(chart, '.region').focus();
  return chart;
}

describe('the crosshair', () => {
  it('starts at the newest point and steps from point to point', async () => {
    const chart = await focusedChart();
    await press('ArrowLeft');
    expect(textOf(chart, '.tip')).to.equal('12:00:00 a.b 30%');
    await press('ArrowLeft');
    expect(textOf(chart, '.tip')).to.equal('11:59:59 a.b 20%');
    await press('ArrowLeft', 'ArrowRight');
    expect(textOf(chart, '.tip')).to.equal('11:59:59 a.b 20%');
  });

  it('tells assistive technology what it shows', async () => {
    const chart = await focusedChart();
    const region = part(chart, '.region');
    expect(region.getAttribute('role')).to.equal('slider');
    expect(region.getAttribute('aria-label')).to.equal('a.b, last 5 minutes');
    await press('End');
    expect(region.getAttribute('aria-valuetext')).to.equal('12:00:00, a.b 30%');
  });

  it('goes to both ends, and away', async () => {
    const chart = await focusedChart();
    await press('Home');
    expect(textOf(chart, '.tip time')).to.match(/^11:55:01$/);
    await press('End');
    expect(textOf(chart, '.tip time')).to.equal('12:00:00');
    await press('Escape');
    expect(getComputedStyle(part(chart, '.crosshair')).visibility).to.equal('hidden');
  });

  it('steps faster with Shift', async () => {
    const chart = await focusedChart();
    await press('End');
    await sendKeys({ down: 'Shift' });
    await press('ArrowLeft');
    await sendKeys({ up: 'Shift' });
    expect(textOf(chart, '.tip time')).to.equal('11:59:50');
  });

  it('follows the pointer, and shows the nearest point of every series', async () => {
    const feed = stoppedFeed();
    feed.write({ stream: 'x.one' }, points);
    feed.write({ stream: 'x.two' }, points);
    const chart = await show(feed, html`<quantumflux-chart stream="x.*"></quantumflux-chart>`);
    const { right, top, height } = part(chart, 'canvas').getBoundingClientRect();
    await sendMouse({ type: 'move', position: [Math.round(right) - 9, Math.round(top + height / 2)] });
    await drawn();
    expect(textOf(chart, '.tip')).to.equal('12:00:00 one 30 two 30');
    expect(chart.shadowRoot!.querySelectorAll('.crosshair .dot').length).to.equal(2);
    await sendMouse({ type: 'move', position: [0, 590] });
    await drawn();
    expect(part(chart, '.crosshair').className).to.equal('crosshair');
  });

  it('does not touch the picture below it', async () => {
    const chart = await focusedChart();
    // The window moves by a pixel every few seconds only.
    chart.window = '1h';
    await drawn();
    const context = part<HTMLCanvasElement>(chart, 'canvas').getContext('2d')!;
    let drawings = 0;
    context.clearRect = () => void drawings++;
    // Legend and table may still be on their way.
    for (let calm = 0; calm < 40; calm = drawings === 0 ? calm + 1 : 0) {
      drawings = 0;
      await nextFrame();
    }
    const before = pixelsOf(chart).data.join();
    await press('ArrowLeft', 'ArrowLeft', 'ArrowLeft');
    expect(drawings).to.equal(0);
    expect(pixelsOf(chart).data.join()).to.equal(before);
  });

  it('tells the page which moment is read', async () => {
    const chart = await focusedChart();
    const inspect = oneEvent(chart, 'flux-inspect');
    await press('End');
    expect((await inspect).detail).to.deep.equal({ time: NOON });
    const leave = oneEvent(chart, 'flux-inspect');
    await press('Escape');
    expect((await leave).detail).to.deep.equal({ time: null });
  });

  it('leaves the other keys to the page', async () => {
    const chart = await focusedChart();
    const event = new KeyboardEvent('keydown', { key: 'a', bubbles: true, cancelable: true });
    part(chart, '.region').dispatchEvent(event);
    expect(event.defaultPrevented).to.equal(false);
  });
});
