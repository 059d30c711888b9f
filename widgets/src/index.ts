export type { LiveClient, LiveSeries, LiveSource, LiveState, LiveUpdate } from './base/client.ts';
export { type InspectDetail, QuantumFluxChart } from './chart/chart.ts';
export { QuantumFluxProvider } from './provider/provider.ts';
export { QuantumFluxStat } from './stat/stat.ts';
