import { QuantumFluxError, type Selector } from '@quantumflux/sdk/protocol';
import type { Catalog, Viewer } from './catalog.ts';
import type { Stream } from './stream.ts';

/** What a selector picks for this viewer, at least one stream. `text` is what the viewer wrote. */
export async function pick(
  catalog: Pick<Catalog, 'select'>,
  { selector, text }: { selector: Selector; text: string },
  viewer: Viewer,
): Promise<Stream[]> {
  const streams = await catalog.select(selector, viewer);
  if (streams.length > 0) return streams;
  throw new QuantumFluxError('not_found', `No stream matches ${text}. A stream exists once a point was written to it.`);
}
