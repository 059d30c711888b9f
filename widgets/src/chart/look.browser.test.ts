import { expect, html } from '@open-wc/testing';
import { emulateMedia } from '@web/test-runner-commands';
import {
  columnsWith,
  drawn,
  has,
  part,
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

const LIGHT = [0x26, 0x4d, 0xe3] as const;
const DARK = [0x6f, 0x95, 0xff] as const;

const root = document.documentElement;

async function withHostStyle(css: string, check: () => Promise<void>) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [sheet];
  try {
    await check();
  } finally {
    document.adoptedStyleSheets = [];
  }
}

describe('the theme', () => {
  afterEach(() => {
    root.style.colorScheme = '';
    return emulateMedia({ colorScheme: 'light' });
  });

  it('is light in a page that says nothing, whatever the system prefers', async () => {
    await emulateMedia({ colorScheme: 'dark' });
    const { chart } = await showChart();
    expect(columnsWith(chart, LIGHT).size).to.be.greaterThan(100);
  });

  it('follows the page, also later', async () => {
    const { chart } = await showChart();
    root.style.colorScheme = 'dark';
    await drawn();
    expect(columnsWith(chart, DARK).size).to.be.greaterThan(100);
    expect(getComputedStyle(part(chart, '.body')).color).to.equal('rgb(232, 235, 242)');
  });

  it('follows the system in a page that does', async () => {
    root.style.colorScheme = 'light dark';
    const { chart } = await showChart();
    expect(columnsWith(chart, LIGHT).size).to.be.greaterThan(100);
    await emulateMedia({ colorScheme: 'dark' });
    await drawn();
    expect(columnsWith(chart, DARK).size).to.be.greaterThan(100);
  });

  it('is what the attribute says', async () => {
    const { chart } = await showChart();
    chart.setAttribute('theme', 'dark');
    await drawn();
    expect(columnsWith(chart, DARK).size).to.be.greaterThan(100);
  });

  it('takes colours of the page', async () => {
    const { chart } = await showChart();
    chart.style.setProperty('--qf-series-1', 'color(srgb 0.8 0 0.4)');
    await drawn();
    expect(columnsWith(chart, [204, 0, 102]).size).to.be.greaterThan(100);
  });
});

describe('every state is accessible', () => {
  for (const theme of ['light', 'dark'] as const) {
    it(`in ${theme}`, async () => {
      root.style.cssText = `color-scheme: ${theme}; background: ${theme === 'light' ? '#fff' : '#0f1219'}`;
      const feed = stoppedFeed();
      feed.write({ stream: 'a.b', unit: 'percent' }, wave());
      feed.write({ stream: 'a.c', unit: 'percent' }, wave());
      const page = await show<HTMLElement>(
        feed,
        html`<main>
          <quantumflux-chart stream="a.*" heading="Both" theme=${theme}></quantumflux-chart>
          <quantumflux-chart stream="a.b" kind="area" table></quantumflux-chart>
          <quantumflux-chart stream="nothing"></quantumflux-chart>
          <quantumflux-chart stream="a.b" window="banana"></quantumflux-chart>
          <quantumflux-stat stream="a.b" heading="One"></quantumflux-stat>
        </main>`,
      );
      await expect(page).to.be.accessible();
      feed.server.goAway();
      await until(() => has(page.querySelector('quantumflux-chart')!, '.badge'));
      await expect(page).to.be.accessible();
      page.append(Object.assign(document.createElement('quantumflux-chart'), { stream: 'later' }));
      await drawn();
      await expect(page).to.be.accessible();
      root.style.cssText = '';
    });
  }
});

describe('a hostile page', () => {
  it('cannot break the inside', async () => {
    await withHostStyle(
      `body, body * { all: unset !important; font-size: 40px !important; letter-spacing: 1em !important; line-height: 3 !important; }
       html { font-size: 40px !important; } canvas, table, button, ul, li { display: none !important; }
       script, style { display: none !important; }`,
      async () => {
        const { chart } = await showChart();
        const { width, height } = part(chart, 'canvas').getBoundingClientRect();
        expect(width).to.be.greaterThan(400);
        expect(height).to.be.within(150, 260);
        expect(columnsWith(chart, LIGHT).size).to.be.greaterThan(100);
        const { fontSize, letterSpacing, display } = getComputedStyle(part(chart, '.legend .label'));
        expect(parseFloat(fontSize)).to.be.at.most(15);
        expect([letterSpacing, display]).to.deep.equal(['normal', 'block']);
        expect(part(chart, 'button').getBoundingClientRect().height).to.be.within(10, 40);
      },
    );
  });

  it('may say how large a chart is', async () => {
    await withHostStyle('quantumflux-chart { width: 400px; height: 120px }', async () => {
      const { chart } = await showChart();
      const { width, height } = part(chart, '.frame').getBoundingClientRect();
      expect([width, height]).to.deep.equal([400, 120]);
    });
  });

  it('with a strict policy sees no style attribute in what we write', async () => {
    const { chart } = await showChart();
    const styled = [...chart.shadowRoot!.querySelectorAll('[style]')].map(({ className }) => className);
    expect(styled).to.deep.equal([]);
  });
});

describe('the place of a chart', () => {
  it('is as high before its points came as after', async () => {
    const feed = stoppedFeed();
    const comeBack = feed.server.goAway();
    const chart = await show<QuantumFluxChart>(
      feed,
      html`<quantumflux-chart stream="a.b" heading="A"></quantumflux-chart>`,
    );
    const heights = () => ['.frame', '.plot'].map((each) => part(chart, each).getBoundingClientRect().height);
    const before = heights();
    feed.write({ stream: 'a.b' }, wave());
    comeBack();
    await until(() => textOf(chart, '.legend').includes('a.b'));
    expect(heights()).to.deep.equal(before);
  });
});
