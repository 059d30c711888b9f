import { entriesOf } from '../scripts/entries.mjs';

/** Where the package has what a source file exports, by the path of the source file. */
const published = new Map(entriesOf('widgets').map(({ source, output }) => [source, output]));

/** Leaves what an application sees: elements by the path they are imported from, without what is private. */
const publish = {
  name: 'publish',
  packageLinkPhase({ customElementsManifest: manifest }) {
    manifest.modules = manifest.modules.filter(({ path }) => published.has(path));
    const visible = ({ name, privacy = 'public' }) => privacy === 'public' && !name.startsWith('#');
    const renamed = JSON.parse(JSON.stringify(manifest), (key, value) => {
      if (key === 'path' || key === 'module') return published.get(value) ?? value;
      return key === 'members' ? value.filter(visible) : value;
    });
    Object.assign(manifest, renamed);
  },
};

/** A tag is used by those who read only its documentation: without a sentence for each part there is no manifest. */
const documented = {
  name: 'documented',
  packageLinkPhase({ customElementsManifest: manifest }) {
    const silent = manifest.modules
      .flatMap(({ declarations = [] }) => declarations)
      .filter(({ tagName }) => tagName)
      .flatMap((element) =>
        ['attributes', 'events', 'slots', 'cssParts', 'cssProperties']
          .flatMap((kind) => element[kind] ?? [])
          .filter(({ description }) => !description?.trim())
          .map(({ name }) => `<${element.tagName}> ${name || 'the default slot'}`),
      );
    if (silent.length > 0) throw new Error(`Not documented: ${silent.join(', ')}.`);
  },
};

export default {
  globs: ['src/**/*.ts'],
  exclude: ['src/**/*.{test,stories,styles}.ts', 'src/cdn.ts'],
  outdir: 'dist',
  litelement: true,
  packagejson: false,
  plugins: [publish, documented],
};
