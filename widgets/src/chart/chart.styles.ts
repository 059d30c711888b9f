import { css } from 'lit';

export const styles = css`
  .frame {
    /* The size of a chart that was given none. Without it the page could not lay out what it does not know yet. */
    contain-intrinsic-size: 320px 260px;
  }

  .body {
    display: flex;
    flex-direction: column;
    gap: 6px;
  }

  header {
    display: flex;
    align-items: baseline;
    gap: 12px;
    min-block-size: 1.5em;
  }

  .heading {
    overflow: hidden;
    font-size: 1.1em;
    font-weight: 600;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  header .badge {
    margin-inline-start: auto;
  }

  button {
    all: unset;
    margin-inline-start: auto;
    padding: 0 7px;
    border-radius: 4px;
    color: var(--_muted);
    cursor: pointer;
  }

  .badge + button {
    margin-inline-start: 0;
  }

  button:hover,
  button[aria-pressed='true'] {
    background: var(--_grid);
    color: var(--_text);
  }

  :focus-visible {
    outline: 2px solid var(--_s1);
    outline-offset: 2px;
    border-radius: 3px;
  }

  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 0 20px;
    min-block-size: 1.5em;
    margin: 0;
    padding: 0;
    list-style: none;
    color: var(--_muted);
  }

  /* Room for the longest of usual values, so that nothing moves when a digit comes or goes. */
  li b {
    min-inline-size: 4.6em;
  }

  li,
  .tip > span {
    display: flex;
    align-items: baseline;
    gap: 7px;
    min-inline-size: 0;
  }

  .label {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  b {
    flex: none;
    color: var(--_text);
    font-weight: 600;
    white-space: nowrap;
  }

  .swatch {
    flex: none;
    inline-size: 10px;
    block-size: 0;
    border-block-start: 3px solid currentcolor;
    translate: 0 -0.28em;
  }

  .swatch.dashed {
    border-block-start-style: dashed;
  }

  .plot {
    position: relative;
    flex: 1;
    min-block-size: 0;
  }

  .plot[hidden] {
    display: none;
  }

  .region {
    position: absolute;
    inset: 0;
    touch-action: pan-y;
  }

  .off {
    visibility: hidden;
  }

  canvas {
    position: absolute;
    inset: 0;
    inline-size: 100%;
    block-size: 100%;
    transition: opacity 0.3s;
  }

  .stale canvas {
    opacity: 0.55;
  }

  .crosshair {
    position: absolute;
    inset: 0;
    overflow: hidden;
    visibility: hidden;
    pointer-events: none;
    direction: ltr;
  }

  .crosshair.on {
    visibility: visible;
  }

  .hair,
  .crosshair .dot,
  .tip {
    position: absolute;
    inset: 0 auto auto 0;
  }

  .hair {
    inline-size: 1px;
    background: var(--_muted);
    opacity: 0.6;
  }

  .crosshair .dot {
    inline-size: 7px;
    block-size: 7px;
    margin: -4.5px;
    border: 1px solid var(--_surface);
    border-radius: 50%;
    background: currentcolor;
  }

  .tip {
    display: grid;
    gap: 1px;
    inset-block-start: 4px;
    max-inline-size: min(240px, 70%);
    padding: 5px 9px 6px;
    border: 1px solid var(--_grid);
    border-radius: 6px;
    background: var(--_surface);
    box-shadow: 0 2px 10px rgb(10 16 32 / 0.12);
    color: var(--_muted);
  }

  .tip b {
    margin-inline-start: auto;
    padding-inline-start: 10px;
  }

  .twin {
    flex: 1;
    min-block-size: 0;
    overflow: auto;
    overscroll-behavior: contain;
  }

  table {
    border-collapse: collapse;
    inline-size: 100%;
  }

  caption {
    padding: 2px 8px 4px;
    text-align: start;
    color: var(--_muted);
  }

  th,
  td {
    padding: 2px 8px;
    border-block-end: 1px solid var(--_grid);
    text-align: end;
    white-space: nowrap;
  }

  th {
    color: var(--_muted);
    font-weight: 400;
  }

  th:first-child {
    text-align: start;
  }

  thead th {
    position: sticky;
    inset-block-start: 0;
    background: var(--_surface);
    font-weight: 600;
  }

  /* Little room: first the legend goes, then everything but the line. */
  @container frame (block-size < 150px) {
    .legend {
      display: none;
    }
  }

  @container frame (block-size < 110px) or (inline-size < 180px) {
    header,
    .legend {
      display: none;
    }

    .tip {
      padding: 1px 6px;
      inset-block-start: 0;
    }

    .notice {
      padding-block: 0;
      white-space: nowrap;
    }

    .notice strong + span {
      display: none;
    }

    .wrong {
      justify-content: start;
      overflow: auto;
      white-space: normal;
    }
  }

  @media (prefers-reduced-motion: reduce) {
    canvas {
      transition: none;
    }
  }
`;
