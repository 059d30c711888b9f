import { css, unsafeCSS } from 'lit';
import { darkSeries, lightSeries } from './palette.ts';

const colors = lightSeries.map(
  (light, i) => `--_s${i + 1}: var(--qf-series-${i + 1}, light-dark(${light}, ${darkSeries[i]}));`,
);
const classes = lightSeries.map((_, i) => `.s${i + 1} { color: var(--_s${i + 1}); }`);
const inks = lightSeries.map((_, i) => `var(--_s${i + 1})`).join();

/**
 * Colours and letters, shared by all elements. Whether it is light or dark follows the `color-scheme` of the page, or
 * the attribute `theme`. Everything is set on `.frame` inside of the element, where no rule of the page can reach, and
 * lengths are bounded, so that a page with a giant `html { font-size }` does not blow us up.
 */
export const theme = css`
  :host {
    display: grid;
    grid-template: minmax(0, 1fr) / minmax(0, 1fr);
    min-inline-size: 0;
  }

  :host([hidden]) {
    display: none;
  }

  /* A size that the frame gets from a grid is one that its queries know, also when the page takes ours away. */
  .box {
    display: grid;
    grid-template: minmax(0, 1fr) / minmax(0, 1fr);
    block-size: 100%;
  }

  .frame {
    ${unsafeCSS(colors.join(''))}
    --_text: var(--qf-text, light-dark(#181d29, #e8ebf2));
    --_muted: var(--qf-muted, light-dark(#5a6374, #98a2b5));
    --_grid: var(--qf-grid, light-dark(rgb(24 34 60 / 0.1), rgb(220 230 255 / 0.11)));
    --_surface: var(--qf-surface, light-dark(#ffffff, #171c27));
    --_warning: var(--qf-warning, light-dark(#925400, #f4b55e));
    --_danger: var(--qf-danger, light-dark(#b3261e, #ff9b91));
    --_size: var(--qf-font-size, clamp(11px, 0.75rem, 15px));

    all: initial;
    display: grid;
    grid-template: minmax(0, 1fr) / minmax(0, 1fr);
    position: relative;
    box-sizing: border-box;
    color-scheme: inherit;
    color: var(--_text);
    font-family: inherit;
    font-size: var(--_size);
    line-height: 1.5;
    font-variant-numeric: tabular-nums;
    container: frame / size;
  }

  :host([theme='light']) .frame {
    color-scheme: light;
  }

  :host([theme='dark']) .frame {
    color-scheme: dark;
  }

  :host([theme='system']) .frame {
    color-scheme: light dark;
  }

  ${unsafeCSS(classes.join(''))}

  /* Never seen. The canvas reads its colours here, and the transition tells when they change. */
  .probe {
    position: absolute;
    visibility: hidden;
    color: var(--_text);
    background-image: linear-gradient(var(--_muted), var(--_grid), ${unsafeCSS(inks)});
    font-size: calc(var(--_size) * 0.92);
    transition:
      color 1ms,
      background-image 1ms allow-discrete;
  }

  /* For assistive technology only; what changes in it moves nothing else. */
  .unseen {
    contain: strict;
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  @media (forced-colors: active) {
    .frame {
      --_text: CanvasText;
      --_muted: CanvasText;
      --_grid: GrayText;
      --_surface: Canvas;
      --_warning: CanvasText;
      --_danger: CanvasText;
    }

    .probe,
    .swatch,
    .dot {
      forced-color-adjust: none;
    }
  }
`;
