import { QuantumFluxError } from './protocol/index.ts';

/** Where a server is: its origin, and the path in front of its own paths, without a slash at the end. */
export type Address = { origin: string; prefix: string };

/** Reads the `url` option. In browsers it may be relative, and defaults to the origin of the page. */
export function addressOf(url?: string): Address {
  // Undefined where there is no page: in Node, and while a page is rendered on a server.
  const page = (globalThis as { location?: { href: string; origin: string } }).location;
  const text = url ?? page?.origin;
  if (text === undefined)
    throw new QuantumFluxError('invalid_input', 'Say where the server is: connect({ url }).', { path: 'url' });
  try {
    const { origin, pathname } = new URL(text, page?.href);
    return { origin, prefix: pathname.replace(/\/+$/, '') };
  } catch (cause) {
    throw new QuantumFluxError('invalid_input', `"${text}" is not the address of a server.`, { path: 'url', cause });
  }
}
