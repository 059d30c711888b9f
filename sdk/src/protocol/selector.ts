import { QuantumFluxError } from './error.ts';
import { MAX_SELECTOR_LENGTH } from './limits.ts';
import type { Tags } from './points.ts';
import { quote } from './stream-key.ts';

/** `=` and `!=` compare; `=~` and `!~` match a pattern: alternatives by `|`, and `*` or `.*` for any text. */
export type Matcher = { tag: string; operator: '=' | '!=' | '=~' | '!~'; value: string };

/** Picks streams. In `name`, `*` stands for any text. Every matcher must hold; a tag that is not there is "". */
export type Selector = { name: string; matchers: Matcher[] };

/** Reads `host.*{region=~"eu|us"}`. A mistake is an `invalid_input` error that names the column. */
export function parseSelector(text: string): Selector {
  if (text.length > MAX_SELECTOR_LENGTH) throw mistake(MAX_SELECTOR_LENGTH, 'the selector is too long');
  let at = 0;

  const take = (pattern: RegExp, expected: string): string => {
    const sticky = new RegExp(pattern, 'y');
    sticky.lastIndex = at;
    const [found] = sticky.exec(text) ?? [];
    if (found === undefined) throw mistake(at, `expected ${expected}`);
    at += found.length;
    return found;
  };
  const next = (token: string): boolean => {
    take(/\s*/, '');
    if (!text.startsWith(token, at)) return false;
    at += token.length;
    return true;
  };

  take(/\s*/, '');
  const name = take(/[A-Za-z_*][A-Za-z0-9_.:/*-]*/, 'the name of a stream');
  const matchers: Matcher[] = [];
  if (next('{')) {
    while (!next('}')) {
      if (matchers.length > 0 && !next(',')) throw mistake(at, 'expected , or }');
      take(/\s*/, '');
      const tag = take(/[A-Za-z_][A-Za-z0-9_.-]*/, 'the name of a tag');
      take(/\s*/, '');
      const operator = take(/=~|!~|!=|=/, '= != =~ or !~') as Matcher['operator'];
      take(/\s*/, '');
      const valueAt = at;
      const quoted = take(/"(?:[^"\\\n]|\\["\\n])*"/, 'a value in double quotes');
      if (operator.endsWith('~')) checkPattern(quoted.slice(1, -1), valueAt + 1);
      matchers.push({ tag, operator, value: unquote(quoted) });
    }
  }
  take(/\s*/, '');
  if (at < text.length) throw mistake(at, 'expected the end');
  return { name, matchers };
}

/** The same selector in the same words, however it was written. */
export function formatSelector({ name, matchers }: Selector): string {
  const parts = matchers.map(({ tag, operator, value }) => `${tag}${operator}${quote(value)}`).sort();
  return parts.length === 0 ? name : `${name}{${parts.join(',')}}`;
}

/** A test for streams; made once, asked often. */
export function matcherOf({ name, matchers }: Selector): (stream: { stream: string; tags: Tags }) => boolean {
  // In a name `.` is only a dot: `host.*` must not pick `hostile`.
  const matchesName = textMatcher([name.split('*')]);
  const tests = matchers.map(({ tag, operator, value }) => {
    const matches = operator.endsWith('~') ? textMatcher(alternativesOf(value)) : (text: string) => text === value;
    const wanted = !operator.startsWith('!');
    return (tags: Tags) => matches(Object.hasOwn(tags, tag) ? tags[tag]! : '') === wanted;
  });
  return ({ stream, tags }) => matchesName(stream) && tests.every((test) => test(tags));
}

// Patterns come from strangers and run on our server, so they are not regular expressions: alternatives of literal
// pieces with gaps between them, matched from left to right without backtracking.
function textMatcher(alternatives: string[][]): (text: string) => boolean {
  return (text) => alternatives.some((pieces) => fits(text, pieces));
}

function alternativesOf(pattern: string): string[][] {
  return pattern.split('|').map((each) => each.split(/\.?\*/));
}

function fits(text: string, pieces: string[]): boolean {
  const first = pieces[0]!;
  const last = pieces.at(-1)!;
  if (pieces.length === 1) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}

/** `written` is as it stands between the quotes, so that the column is right: an escaped quote takes two. */
function checkPattern(written: string, column: number): void {
  const bad = /\\\\|[()[\]{}+?^$]/.exec(written);
  if (bad) throw mistake(column + bad.index, `"${bad[0]}" has no meaning in a pattern; use | and *`);
}

function unquote(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(["\\n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}

function mistake(index: number, what: string): QuantumFluxError {
  return new QuantumFluxError('invalid_input', `The selector is not right at column ${index + 1}: ${what}.`);
}
