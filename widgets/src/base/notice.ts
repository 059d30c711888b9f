import { html, nothing, type TemplateResult } from 'lit';
import type { View } from './view.ts';
import { agoInWords } from './words.ts';

/** What stands in the place of a picture when there is none. */
export function notice(view: View): TemplateResult | typeof nothing {
  switch (view.is) {
    case 'picture':
      return nothing;
    case 'loading':
      return html`<div class="notice skeleton" part="skeleton">
        <svg viewBox="0 0 100 40" preserveAspectRatio="none" aria-hidden="true">
          <path d="M0 28C8 28 10 16 18 16s9 12 18 12 9-20 18-20 10 16 19 16 8-8 14-8 8 5 13 5" />
        </svg>
        <span class="unseen">Loading</span>
      </div>`;
    case 'empty':
      return html`<div class="notice" part="empty">
        <slot name="empty"><strong>${view.title}</strong> <span>${view.text}</span></slot>
      </div>`;
    case 'wrong':
      return html`<div class="notice wrong" part="error"><span>${view.text}</span></div>`;
  }
}

/** Says that the picture is not fresh, or what else happened to it. */
export function badge(view: View, news = ''): TemplateResult | typeof nothing {
  if (view.is !== 'picture') return nothing;
  if (view.staleSince === null) return news ? html`<div class="badge quiet" part="badge">${news}</div>` : nothing;
  const since = agoInWords(Date.now() - view.staleSince);
  return html`<div class="badge" part="badge">Reconnecting… <span class="since">last update ${since}</span></div>`;
}
