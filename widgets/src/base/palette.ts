/**
 * Eight colours per theme, in the order in which series take them. Chosen by search so that every pair stays apart for
 * people who see no red, no green or no blue (CIE distances under the simulation of Machado 2009: the nearest pair is
 * as far as in the palette of Okabe and Ito, the first four nearly twice as far), with a contrast of at least 3:1 to
 * white, 4.5:1 to near black.
 */
export const lightSeries = ['#264de3', '#dd7a14', '#00a57d', '#b03a86', '#747a00', '#43217f', '#5388ad', '#86120b'];
export const darkSeries = ['#6f95ff', '#f79a2e', '#64dcae', '#d966a3', '#d6e24f', '#c4abfb', '#a5c6d6', '#e4541c'];

/** The class that gives an element the colour of a series; with more series than colours the next round is dashed. */
export function seriesClass(index: number): string {
  const { length } = lightSeries;
  return `s${(index % length) + 1}${index >= length ? ' dashed' : ''}`;
}
