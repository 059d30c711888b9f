import type { LiveUpdate } from './client.ts';
import { quoted, spanInWords } from './words.ts';

/** What an element shows. */
export type View =
  | { readonly is: 'loading' }
  /** Nothing is wrong, there is just nothing to draw. */
  | { readonly is: 'empty'; readonly title: string; readonly text: string }
  | { readonly is: 'wrong'; readonly text: string }
  /** `staleSince`: what is shown was live until then, in local ms; null while it is live. */
  | { readonly is: 'picture'; readonly staleSince: number | null };

type Situation = {
  /** What is wrong with the attributes, if anything. */
  mistake: string | undefined;
  update: LiveUpdate;
  /** Since when it is not live, in local ms; null while it is. */
  staleSince: number | null;
  stream: string;
  /** Length of the window, in ms, and where it starts. */
  span: number;
  from: number;
};

/** Which of its states an element is in. */
export function viewOf({ mistake, update: { series, state }, staleSince, stream, span, from }: Situation): View {
  if (mistake !== undefined) return { is: 'wrong', text: mistake };
  if (state.is === 'error') return { is: 'wrong', text: state.error.message };
  if (series.some(({ times, length }) => length > 0 && times[length - 1]! >= from)) {
    return { is: 'picture', staleSince };
  }
  if (state.is === 'connecting') return { is: 'loading' };
  if (series.length === 0) {
    return {
      is: 'empty',
      title: `No points of ${quoted(stream)} yet.`,
      text: 'They appear here as soon as the first one is written.',
    };
  }
  return {
    is: 'empty',
    title: `No points of ${quoted(stream)} in the last ${spanInWords(span)}.`,
    text: 'They appear here as soon as one is written.',
  };
}
