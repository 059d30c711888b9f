import type { Meta, StoryObj } from '@storybook/web-components-vite';
import { html } from 'lit';
import '../chart/chart.ts';
import { machineFeed } from '../feed/machine.ts';
import './provider.ts';

const meta: Meta = {
  title: 'Provider',
  component: 'quantumflux-provider',
};

export default meta;

/** One client for everything inside. In a page of yours it is made of `url` and `key`. */
export const OneForAll: StoryObj = {
  render: () =>
    html`<quantumflux-provider .client=${machineFeed().client}>
      <quantumflux-chart stream="host.cpu.load" heading="CPU"></quantumflux-chart>
      <quantumflux-chart stream="host.network.*" heading="Network"></quantumflux-chart>
    </quantumflux-provider>`,
};

/** What is wrong with a provider is said by the widgets inside. */
export const SecretKey: StoryObj = {
  render: () =>
    html`<quantumflux-provider key="qf_sk_never_in_a_page">
      <quantumflux-chart stream="host.cpu.load" heading="CPU"></quantumflux-chart>
    </quantumflux-provider>`,
};
