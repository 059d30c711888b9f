import type { Meta, StoryObj } from '@storybook/web-components-vite';
import { html } from 'lit';
import '../chart/chart.ts';
import { type Feed, lostFeed, machineFeed } from '../feed/machine.ts';
import '../provider/provider.ts';
import '../stat/stat.ts';
import './debug.ts';

type Args = { feed: () => Feed; theme: string };

const meta: Meta<Args> = {
  title: 'Debug',
  component: 'quantumflux-debug',
  args: { feed: machineFeed, theme: '' },
  argTypes: { theme: { control: 'select', options: ['light', 'dark', 'system'] }, feed: { table: { disable: true } } },
  render: ({ feed, theme }) =>
    html`<quantumflux-provider .client=${feed().client}>
        <quantumflux-chart stream="host.network.*" heading="Network" window="1m"></quantumflux-chart>
        <quantumflux-stat stream="host.cpu.load" heading="CPU load" style="width: 220px"></quantumflux-stat>
      </quantumflux-provider>
      <quantumflux-debug theme=${theme}></quantumflux-debug>`,
};

export default meta;
type Story = StoryObj<Args>;

/** What is there when the address of a page has `qf-debug`. */
export const Live: Story = {};

export const Dark: Story = { args: { theme: 'dark' }, globals: { scheme: 'dark' } };

/** The connection is lost after a moment: state, reason, and when it is tried again. */
export const Lost: Story = { args: { feed: lostFeed } };
