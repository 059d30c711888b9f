import type { Meta, StoryObj } from '@storybook/web-components-vite';
import { html } from 'lit';
import { ifDefined } from 'lit/directives/if-defined.js';
import { awayFeed, type Feed, lostFeed, machineFeed, refusingFeed } from '../feed/machine.ts';
import '../provider/provider.ts';
import './chart.ts';

type Args = {
  stream: string;
  window?: string;
  kind?: string;
  heading?: string;
  unit?: string;
  min?: string;
  max?: string;
  theme?: string;
  legend?: string;
  table?: boolean;
  narrate?: boolean;
  /** How large the page makes it. */
  width?: string;
  height?: string;
  feed?: () => Feed;
};

const meta: Meta<Args> = {
  title: 'Chart',
  component: 'quantumflux-chart',
  args: { stream: 'host.cpu.load', heading: 'CPU load' },
  argTypes: {
    kind: { control: 'select', options: ['line', 'area'] },
    theme: { control: 'select', options: ['light', 'dark', 'system'] },
    legend: { control: 'select', options: ['auto', 'none'] },
    feed: { table: { disable: true } },
  },
  render: ({ width = '100%', height = '', feed = machineFeed, ...args }) => {
    return html`<quantumflux-provider .client=${feed().client}>
      <quantumflux-chart
        stream=${args.stream}
        window=${ifDefined(args.window)}
        kind=${ifDefined(args.kind)}
        heading=${ifDefined(args.heading)}
        unit=${ifDefined(args.unit)}
        min=${ifDefined(args.min)}
        max=${ifDefined(args.max)}
        theme=${ifDefined(args.theme)}
        legend=${ifDefined(args.legend)}
        ?table=${args.table}
        ?narrate=${args.narrate}
        style="width: ${width}; height: ${height}"
      ></quantumflux-chart>
    </quantumflux-provider>`;
  },
};

export default meta;
type Story = StoryObj<Args>;

/** What comes out when only a stream is named. */
export const Line: Story = {};

export const Area: Story = { args: { stream: 'host.memory.used', heading: 'Memory', kind: 'area', window: '15m' } };

/** Two streams by one selector; the legend leaves out what their names have in common. */
export const TwoStreams: Story = { args: { stream: 'host.network.*', heading: 'Network', kind: 'area' } };

/** Eight colours that people who see fewer colours can tell apart. */
export const ManyStreams: Story = {
  args: { stream: 'host.cpu.core.load', heading: 'CPU per core', min: '0', max: '100', height: '360px' },
};

/** A short window moves many times a second. */
export const ShortWindow: Story = { args: { window: '30s' } };

/** Where there is little room, only the line is left. */
export const Sparkline: Story = { args: { width: '160px', height: '32px' } };

export const Narrow: Story = { args: { stream: 'host.cpu.core.load', heading: 'CPU per core', width: '300px' } };

/** The same points as numbers; the button and the key T go there and back. */
export const Table: Story = { args: { stream: 'host.network.*', heading: 'Network', table: true } };

export const Dark: Story = { args: { theme: 'dark' }, globals: { scheme: 'dark' } };

export const Loading: Story = { args: { feed: awayFeed } };

export const Empty: Story = { args: { stream: 'plant.temperature', heading: 'Temperature' } };

/** What was there stays, and says since when it is not fresh. */
export const Reconnecting: Story = { args: { feed: lostFeed } };

export const Refused: Story = { args: { feed: refusingFeed } };

/** A mistake in an attribute is answered in its place; the rest of the page goes on. */
export const Mistake: Story = { args: { window: 'banana' } };
