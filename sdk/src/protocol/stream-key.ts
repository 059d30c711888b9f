import type { Tags } from './points.ts';

/** What a stream may be called: `host.cpu.load`, `node_load1`, `http.server/latency`. */
export const streamName = /^[A-Za-z_][A-Za-z0-9_.:/-]*$/;
export const tagName = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

/**
 * The canonical text of a stream, unique in its organization: tags sorted by name, values quoted.
 * `http.latency{region="eu",route="/"}`; without tags just the name.
 */
export function streamKey({ stream, tags }: { stream: string; tags: Tags }): string {
  const names = Object.keys(tags).sort();
  if (names.length === 0) return stream;
  return `${stream}{${names.map((name) => `${name}=${quote(tags[name]!)}`).join(',')}}`;
}

/** A tag value as it stands in keys and selectors. */
export function quote(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
