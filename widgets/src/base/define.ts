/**
 * Registers an element, unless the page has one of that name already: another copy of us got there first. Where there
 * are no elements, as when a server imports us, nothing happens.
 */
export function define(tag: string, element: CustomElementConstructor): void {
  const registry = globalThis.customElements;
  if (registry && !registry.get(tag)) registry.define(tag, element);
}
