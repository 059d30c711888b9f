import { css } from 'lit';

/** A panel in the corner of the page, above everything. */
export const styles = css`
  :host {
    display: block;
    position: fixed;
    inset: auto 12px 12px auto;
    z-index: 2147483647;
    inline-size: min(720px, calc(100vw - 24px));
  }

  .frame {
    display: block;
    container: frame / inline-size;
    max-block-size: 50vh;
    overflow: auto;
    border: 1px solid var(--_grid);
    border-radius: 8px;
    background: var(--_surface);
    box-shadow: 0 4px 24px rgb(0 0 0 / 0.18);
  }

  .frame:focus-visible,
  button:focus-visible {
    outline: 2px solid var(--_s1);
    outline-offset: -2px;
  }

  header {
    position: sticky;
    inset-block-start: 0;
    display: flex;
    justify-content: space-between;
    align-items: center;
    padding: 6px 6px 6px 12px;
    background: var(--_surface);
    font-weight: 600;
  }

  button {
    min-inline-size: 28px;
    min-block-size: 28px;
    border: 0;
    border-radius: 6px;
    background: transparent;
    color: var(--_muted);
    font: inherit;
    cursor: pointer;
  }

  button:hover {
    color: var(--_text);
  }

  section {
    padding: 0 12px 12px;
  }

  h3 {
    margin: 0 0 4px;
    font: inherit;
    font-weight: 600;
  }

  p {
    margin: 0 0 4px;
    color: var(--_muted);
  }

  .complaint {
    color: var(--_danger);
  }

  dl {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(150px, 1fr));
    gap: 4px 12px;
    margin: 0 0 8px;
  }

  dt,
  th {
    color: var(--_muted);
    font-weight: 400;
  }

  dd {
    margin: 0;
  }

  .scroll {
    overflow-x: auto;
  }

  table {
    inline-size: 100%;
    border-collapse: collapse;
    white-space: nowrap;
  }

  caption {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
  }

  th,
  td {
    padding: 3px 8px 3px 0;
    border-block-start: 1px solid var(--_grid);
    text-align: start;
  }

  tbody th {
    color: var(--_text);
  }
`;
