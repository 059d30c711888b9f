import { css } from 'lit';

export const styles = css`
  .frame {
    contain-intrinsic-size: 180px 124px;
  }

  .body {
    display: flex;
    flex-direction: column;
  }

  .heading {
    overflow: hidden;
    block-size: 1.5em;
    color: var(--_muted);
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .value {
    overflow: hidden;
    block-size: 1.2em;
    font-size: 2.5em;
    font-weight: 600;
    line-height: 1.2;
    letter-spacing: -0.015em;
    white-space: nowrap;
  }

  .suffix {
    font-size: 0.55em;
    font-weight: 500;
    letter-spacing: 0;
    color: var(--_muted);
  }

  .delta {
    overflow: hidden;
    block-size: 1.5em;
    color: var(--_muted);
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .plot {
    position: relative;
    flex: 1;
    min-block-size: 0;
    margin-block-start: 4px;
  }

  canvas {
    position: absolute;
    inset: 0;
    inline-size: 100%;
    block-size: 100%;
  }

  .stale .value {
    color: var(--_muted);
  }

  .stale canvas {
    opacity: 0.55;
  }

  .notice {
    inset-block-start: 1.5em;
    align-items: start;
    padding: 0;
    text-align: start;
  }

  .off {
    visibility: hidden;
  }

  /* Little room: first the line goes, then the change. */
  @container frame (block-size < 100px) {
    .plot {
      display: none;
    }
  }

  @container frame (block-size < 76px) {
    .delta {
      display: none;
    }

    .value {
      font-size: 1.8em;
    }
  }
`;
