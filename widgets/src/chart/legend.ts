import { html, type TemplateResult } from 'lit';
import { seriesClass } from '../base/palette.ts';

/** One line of a legend, or of the text at the crosshair. */
export type Entry = { readonly index: number; readonly label: string; readonly value: string };

/** Colour, name and value of each series, as far as there is room; how many more there are. */
export function legend(entries: readonly Entry[], most: number): TemplateResult {
  const rest = entries.length - most;
  return html`<ul class="legend" part="legend">
    ${entries.slice(0, most).map(
      ({ index, label, value }) =>
        html`<li>
          <i class="swatch ${seriesClass(index)}"></i><span class="label" title=${label}>${label}</span>
          <b>${value}</b>
        </li>`,
    )}
    ${rest > 0 ? html`<li class="rest">+ ${rest} more</li>` : ''}
  </ul>`;
}
