import type { StorybookConfig } from '@storybook/web-components-vite';
import { mergeConfig } from 'vite';

/** Stories are the examples, the documentation, and where a widget is built before a server has its data. */
const config: StorybookConfig = {
  stories: ['../widgets/src/**/*.stories.ts'],
  addons: ['@storybook/addon-docs', '@storybook/addon-a11y'],
  framework: { name: '@storybook/web-components-vite', options: {} },
  core: { disableTelemetry: true, disableWhatsNewNotifications: true },
  viteFinal: (vite) =>
    mergeConfig(vite, {
      resolve: { conditions: ['quantumflux-source', 'module', 'browser', 'development|production'] },
      // As in tsconfig.base.json: Lit's decorators, with fields that are assigned and not defined over its accessors.
      oxc: { decorator: { legacy: true }, assumptions: { setPublicClassFields: true } },
      // Named here so that they are not found in the middle of a story, as a second copy.
      optimizeDeps: { include: ['lit', 'lit/decorators.js', '@lit/context'] },
      build: { chunkSizeWarningLimit: 2_000 },
    }),
};

export default config;
