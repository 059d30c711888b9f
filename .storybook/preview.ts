import type { Preview } from '@storybook/web-components-vite';
import './preview.css';

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
