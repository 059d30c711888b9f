/**
 * A name of another system as one of ours: what we do not have in names becomes `_`, and one that starts with something
 * else than a letter gets a `_` in front. `disk used %` is `disk_used__`.
 */
export function streamNameOf(foreign: string): string {
  return withStart(foreign.replaceAll(/[^A-Za-z0-9_.:/-]/g, '_'));
}

/** The same for the name of a tag, which has neither `:` nor `/`. */
export function tagNameOf(foreign: string): string {
  return withStart(foreign.replaceAll(/[^A-Za-z0-9_.-]/g, '_'));
}

function withStart(name: string): string {
  return /^[A-Za-z_]/.test(name) ? name : `_${name}`;
}
