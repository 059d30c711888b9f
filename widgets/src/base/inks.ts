import type { Inks } from '../plot/picture.ts';

/**
 * Colours of the theme as the canvas needs them. A canvas knows neither custom properties nor `light-dark()`, so they
 * are read where the browser has worked them out: from a gradient that nobody sees.
 */
export function readInks(probe: Element): Inks {
  const { backgroundImage, fontSize, fontFamily } = getComputedStyle(probe);
  const [text = '#777', grid = '#ddd', ...series] = backgroundImage.match(/[a-z]+\([^()]+\)/g) ?? [];
  return { text, grid, series: series.length > 0 ? series : [text], font: `${fontSize} ${fontFamily}` };
}
