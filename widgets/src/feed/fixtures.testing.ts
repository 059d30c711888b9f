import { aTimeout, fixture, html, nextFrame, waitUntil } from '@open-wc/testing';
import type { Point, StreamWrite } from '@quantumflux/sdk/protocol';
import { createMemoryServer, type MemoryServerOptions } from '@quantumflux/sdk/testing';
import type { TemplateResult } from 'lit';
import type { QuantumFluxChart } from '../chart/chart.ts';
import '../provider/provider.ts';
import type { Feed } from './machine.ts';

/** When "now" is in tests that stop the clock: noon on a Sunday. */
export const NOON = new Date(2026, 10, 22, 12).getTime();

/** A server in the page whose clock stands still, and its client. */
export type StoppedFeed = Feed & { write(stream: Omit<StreamWrite, 'points'>, points: readonly Point[]): void };

const feeds: Feed[] = [];

afterEach(async () => {
  for (const { server } of feeds.splice(0)) await server.close();
});

export function stoppedFeed(options: MemoryServerOptions = {}): StoppedFeed {
  const server = createMemoryServer({ heartbeatMs: Infinity, ...options });
  server.stopClock(NOON);
  const client = server.connect({ lingerMs: 0 });
  const feed = {
    server,
    client,
    write: (stream: Omit<StreamWrite, 'points'>, points: readonly Point[]) => server.write({ ...stream, points }),
  };
  feeds.push(feed);
  return feed;
}

/** One point per second up to `now`, in a slow wave around 50. */
export function wave(count = 300, now = NOON): Point[] {
  return Array.from({ length: count }, (_, i) => [now - (count - 1 - i) * 1_000, 50 + 40 * Math.sin(i / 20)] as const);
}

/** Puts an element into the page, inside of a provider with this feed, and waits until it is drawn. */
export async function show<E extends Element>(feed: Feed, template: TemplateResult): Promise<E> {
  const provider = await fixture(html`<quantumflux-provider .client=${feed.client}>${template}</quantumflux-provider>`);
  await drawn();
  return provider.firstElementChild as E;
}

/** Puts a chart of one stream into the page. */
export async function showChart(
  points: readonly Point[] = wave(),
  stream: Omit<StreamWrite, 'points'> = { stream: 'a.b', unit: 'percent' },
) {
  const feed = stoppedFeed();
  if (points.length > 0) feed.write(stream, points);
  const chart = await show<QuantumFluxChart>(
    feed,
    html`<quantumflux-chart stream=${stream.stream}></quantumflux-chart>`,
  );
  return { chart, feed };
}

/** Time for an element to update and for its canvas to be drawn, also on a busy machine. */
export async function drawn(): Promise<void> {
  for (let i = 0; i < 8; i++) await nextFrame();
  await aTimeout(60);
  await nextFrame();
}

/** Waits until something holds. */
export async function until(check: () => boolean): Promise<void> {
  await waitUntil(check, check.toString(), { timeout: 10_000 });
}

/** The first element of a shadow root that a selector picks. */
export function part<E extends Element = HTMLElement>(host: Element, selector: string): E {
  const found = host.shadowRoot!.querySelector<E>(selector);
  if (!found) throw new Error(`There is no ${selector} in <${host.localName}>.`);
  return found;
}

/** Whether there is such an element in a shadow root. (A failed comparison of elements themselves prints for minutes.) */
export function has(host: Element, selector: string): boolean {
  return host.shadowRoot!.querySelector(selector) !== null;
}

/** What is to be read in an element, without the spaces of its templates. */
export function textOf(host: Element, selector = '.body'): string {
  return part(host, selector).textContent.replace(/\s+/g, ' ').trim();
}

/** All pixels of an element's canvas. */
export function pixelsOf(host: Element): ImageData {
  const canvas = part<HTMLCanvasElement>(host, 'canvas');
  return canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
}

/** Columns of the canvas, from left to right, in which a colour like this one is to be seen. */
export function columnsWith(host: Element, [red, green, blue]: readonly [number, number, number]): Set<number> {
  const { data, width } = pixelsOf(host);
  const columns = new Set<number>();
  for (let i = 0; i < data.length; i += 4) {
    const distance = Math.abs(data[i]! - red) + Math.abs(data[i + 1]! - green) + Math.abs(data[i + 2]! - blue);
    if (distance < 40 && data[i + 3]! > 128) columns.add((i / 4) % width);
  }
  return columns;
}
