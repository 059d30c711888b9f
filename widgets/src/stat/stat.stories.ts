import type { Meta, StoryObj } from '@storybook/web-components-vite';
import { html } from 'lit';
import { ifDefined } from 'lit/directives/if-defined.js';
import { awayFeed, type Feed, lostFeed, machineFeed } from '../feed/machine.ts';
import '../provider/provider.ts';
import './stat.ts';

type Args = { stream: string; window?: string; heading?: string; unit?: string; theme?: string; feed?: () => Feed };

const meta: Meta<Args> = {
  title: 'Stat',
  component: 'quantumflux-stat',
  args: { stream: 'host.cpu.load', heading: 'CPU load' },
  argTypes: {
    theme: { control: 'select', options: ['light', 'dark', 'system'] },
    feed: { table: { disable: true } },
  },
  render: ({ stream, window, heading, unit, theme, feed = machineFeed }) => {
    return html`<quantumflux-provider .client=${feed().client}>
      <quantumflux-stat
        stream=${stream}
        window=${ifDefined(window)}
        heading=${ifDefined(heading)}
        unit=${ifDefined(unit)}
        theme=${ifDefined(theme)}
        style="width: 220px"
      ></quantumflux-stat>
    </quantumflux-provider>`;
  },
};

export default meta;
type Story = StoryObj<Args>;

export const Percent: Story = {};

export const Bytes: Story = { args: { stream: 'host.memory.used', heading: 'Memory', window: '15m' } };

export const Dark: Story = { args: { theme: 'dark' }, globals: { scheme: 'dark' } };

export const Loading: Story = { args: { feed: awayFeed } };

export const Empty: Story = { args: { stream: 'plant.temperature', heading: 'Temperature' } };

export const Reconnecting: Story = { args: { feed: lostFeed } };

/** A number can be of one stream only. */
export const SeveralStreams: Story = { args: { stream: 'host.network.*', heading: 'Network' } };
