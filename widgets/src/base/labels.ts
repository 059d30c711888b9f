import type { StreamMeta } from '@quantumflux/sdk/protocol';

/**
 * Short names that tell streams apart: what all have in common is left out. `host.network.received` beside
 * `host.network.sent` is `received`; `cpu{core="3"}` beside other cores is `core 3`; a stream alone has its full name.
 */
export function labelsOf(metas: readonly StreamMeta[]): string[] {
  const names = metas.map(({ stream }) => stream.split('.'));
  const shared = sharedParts(names);
  const telling = tellingTags(metas);
  return metas.map(({ stream, tags }, i) => {
    const name = metas.length === 1 ? stream : names[i]!.slice(shared).join('.');
    const values = telling
      .filter((tag) => tags[tag])
      .map((tag) => (/^[\d.]+$/.test(tags[tag]!) ? `${tag} ${tags[tag]}` : tags[tag]!));
    return [name, ...values].filter(Boolean).join(' ') || stream;
  });
}

/** How many leading parts all names share. The last part is shared only when the names are equal. */
function sharedParts(names: string[][]): number {
  const [first = []] = names;
  const differs = first.findIndex((part, i) => names.some((name) => name[i] !== part));
  return differs < 0 && names.every(({ length }) => length === first.length) ? first.length : Math.max(0, differs);
}

function tellingTags(metas: readonly StreamMeta[]): string[] {
  const all = new Set(metas.flatMap(({ tags }) => Object.keys(tags)));
  if (metas.length === 1) return [...all];
  return [...all].filter((tag) => new Set(metas.map(({ tags }) => tags[tag])).size > 1);
}
