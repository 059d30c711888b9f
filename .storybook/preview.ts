/// <reference types="vite/client" />
import { type Preview, setCustomElementsManifest } from '@storybook/web-components-vite';
import './preview.css';

// Attributes, events and parts, as the comments of the elements tell them; there after a build (`npm run build`).
const [manifest] = Object.values(
  import.meta.glob('../widgets/dist/custom-elements.json', { eager: true, import: 'default' }),
);
if (manifest) setCustomElementsManifest(manifest);

const preview: Preview = {
  tags: ['autodocs'],
  parameters: {
    layout: 'fullscreen',
    a11y: { test: 'error' },
    controls: { expanded: true },
  },
  globalTypes: {
    scheme: {
      description: 'Which colours the page around the widgets has',
      toolbar: { title: 'Page', icon: 'contrast', items: ['light', 'dark', 'light dark'], dynamicTitle: true },
    },
  },
  initialGlobals: { scheme: 'light dark' },
  decorators: [
    (story, { globals }) => {
      document.documentElement.style.colorScheme = String(globals.scheme);
      return story();
    },
  ],
};

export default preview;
