import { expect, html, nextFrame } from '@open-wc/testing';
import { columnsWith, drawn, has, NOON, part, show, showChart, stoppedFeed, wave } from '../feed/fixtures.testing.ts';
import '../stat/stat.ts';
import './chart.ts';

const FIRST = [0x26, 0x4d, 0xe3] as const;

/** Counts what is still under way of what was started from now on: listeners on the page, timers, observers. */
function keepBooks() {
  const open = { listeners: 0, timers: new Set<number>(), observers: new Set<object>(), frames: new Set<number>() };
  const originals = { add: document.addEventListener, remove: document.removeEventListener };
  document.addEventListener = (...all: Parameters<typeof originals.add>) => (
    open.listeners++,
    originals.add.apply(document, all)
  );
  document.removeEventListener = (...all: Parameters<typeof originals.remove>) => (
    open.listeners--,
    originals.remove.apply(document, all)
  );
  const { setTimeout: start, clearTimeout: stop, requestAnimationFrame: ask, cancelAnimationFrame: cancel } = window;
  window.setTimeout = ((run: () => void, ms?: number) => {
    const id = start(() => (open.timers.delete(id), run()), ms);
    open.timers.add(id);
    return id;
  }) as typeof start;
  window.clearTimeout = (id) => (open.timers.delete(id as number), stop(id));
  window.requestAnimationFrame = (run) => {
    const id = ask((time) => (open.frames.delete(id), run(time)));
    open.frames.add(id);
    return id;
  };
  window.cancelAnimationFrame = (id) => (open.frames.delete(id), cancel(id));
  const prototypes = [ResizeObserver.prototype, IntersectionObserver.prototype];
  const methods = prototypes.map(({ observe, disconnect }) => ({ observe, disconnect }));
  prototypes.forEach((prototype, i) => {
    prototype.observe = function (this: object, ...all: [Element]) {
      open.observers.add(this);
      methods[i]!.observe.apply(this as ResizeObserver & IntersectionObserver, all);
    };
    prototype.disconnect = function (this: object) {
      open.observers.delete(this);
      methods[i]!.disconnect.apply(this as ResizeObserver & IntersectionObserver);
    };
  });
  const close = () => {
    Object.assign(document, { addEventListener: originals.add, removeEventListener: originals.remove });
    Object.assign(window, {
      setTimeout: start,
      clearTimeout: stop,
      requestAnimationFrame: ask,
      cancelAnimationFrame: cancel,
    });
    prototypes.forEach((prototype, i) => Object.assign(prototype, methods[i]));
  };
  return { open, close };
}

describe('an element that is removed', () => {
  for (const state of ['live', 'stale'] as const) {
    it(`leaves nothing behind when it was ${state}`, async () => {
      const { open, close } = keepBooks();
      const feed = stoppedFeed();
      feed.write({ stream: 'a.b' }, wave());
      const host = await show<HTMLElement>(
        feed,
        html`<div>
          <quantumflux-chart stream="a.b" window="10s" narrate></quantumflux-chart>
          <quantumflux-stat stream="a.b"></quantumflux-stat>
        </div>`,
      );
      expect(feed.server.subscriptions).to.equal(2);
      if (state === 'stale') {
        feed.server.goAway();
        while (!has(host.firstElementChild!, '.badge')) await nextFrame();
      }
      expect(open.observers.size).to.equal(6);
      host.remove();
      while (feed.client.state.is !== 'idle') await nextFrame();
      const left = { ...open, timers: open.timers.size, frames: open.frames.size, observers: open.observers.size };
      close();
      expect(left).to.deep.equal({ listeners: 0, timers: 0, observers: 0, frames: 0 });
    });
  }

  it('goes on where it is put back', async () => {
    const { chart, feed } = await showChart();
    const parent = chart.parentElement!;
    chart.remove();
    await drawn();
    parent.append(chart);
    await drawn();
    expect(feed.server.subscriptions).to.equal(1);
    expect(columnsWith(chart, FIRST).size).to.be.greaterThan(100);
  });

  it('asks the provider of its new place', async () => {
    const { chart, feed } = await showChart();
    const other = stoppedFeed();
    other.write({ stream: 'a.b' }, wave(20));
    const place = await show<HTMLElement>(other, html`<div></div>`);
    place.append(chart);
    await drawn();
    expect([feed.server.subscriptions, other.server.subscriptions]).to.deep.equal([0, 1]);
    expect(columnsWith(chart, FIRST).size).to.be.within(5, 100);
  });
});

describe('an element that nobody sees', () => {
  it('does not draw', async () => {
    const { chart, feed } = await showChart();
    const context = part<HTMLCanvasElement>(chart, 'canvas').getContext('2d')!;
    let drawings = 0;
    const { clearRect } = context;
    context.clearRect = (...all) => (drawings++, clearRect.apply(context, all));
    chart.parentElement!.style.cssText = 'display: block; position: absolute; top: 5000px';
    await drawn();
    drawings = 0;
    for (let i = 1; i < 5; i++) {
      feed.write({ stream: 'a.b' }, [[NOON + i, 5]]);
      await drawn();
    }
    expect(drawings).to.equal(0);
    chart.parentElement!.style.cssText = '';
    await drawn();
    expect(drawings).to.be.greaterThan(0);
  });

  it('draws a long window rarely: only when it has moved by a pixel', async () => {
    const { chart, feed } = await showChart();
    const start = Date.now();
    const timer = setInterval(() => feed.server.stopClock(NOON + Date.now() - start), 5);
    chart.window = '15m';
    await drawn();
    const context = part<HTMLCanvasElement>(chart, 'canvas').getContext('2d')!;
    let drawings = 0;
    context.clearRect = () => void drawings++;
    await new Promise((done) => setTimeout(done, 1_000));
    clearInterval(timer);
    expect(drawings).to.be.at.most(2);
  });
});
