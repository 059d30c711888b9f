import { css } from 'lit';

/** Loading, empty, wrong, and the badge of what is not fresh. */
export const noticeStyles = css`
  .notice {
    position: absolute;
    inset: 0;
    display: flex;
    flex-direction: column;
    justify-content: center;
    align-items: center;
    gap: 2px;
    padding: 4px 12px;
    overflow: hidden;
    text-align: center;
    text-wrap: balance;
    color: var(--_muted);
  }

  .notice strong {
    color: var(--_text);
    font-weight: 600;
  }

  .wrong span {
    max-inline-size: 46ch;
    padding-inline-start: 10px;
    border-inline-start: 2px solid var(--_danger);
    text-align: start;
    text-wrap: auto;
    color: var(--_text);
  }

  .skeleton {
    padding: 0;
    background: repeating-linear-gradient(to top, var(--_grid) 0 1px, transparent 1px 25%) 0 100% / 100%
      calc(100% - 24px) no-repeat;
    animation: breathe 2s ease-in-out infinite;
  }

  .skeleton svg {
    inline-size: 100%;
    block-size: 60%;
    fill: none;
    stroke: var(--_grid);
    stroke-width: 2px;
  }

  .skeleton path {
    vector-effect: non-scaling-stroke;
  }

  @keyframes breathe {
    50% {
      opacity: 0.45;
    }
  }

  @media (prefers-reduced-motion: reduce) {
    .skeleton {
      animation: none;
    }
  }

  .badge {
    overflow: hidden;
    color: var(--_warning);
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .quiet {
    color: var(--_muted);
  }

  .badge::before {
    content: '';
    display: inline-block;
    inline-size: 7px;
    block-size: 7px;
    margin-inline-end: 6px;
    border-radius: 50%;
    background: currentcolor;
  }

  @container frame (inline-size < 260px) {
    .since {
      display: none;
    }
  }
`;
