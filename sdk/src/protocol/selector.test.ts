import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatSelector,
  matcherOf,
  MAX_SELECTOR_LENGTH,
  parseSelector,
  QuantumFluxError,
  type Selector,
  type Tags,
} from './index.ts';

const name = fc.stringMatching(/^[A-Za-z_*][A-Za-z0-9_.:/*-]{0,20}$/);
const tag = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,8}$/);
const text = fc.string({ unit: fc.constantFrom(...'abcö "\\\n{},=~|*.'), maxLength: 8 });
const pattern = fc.string({ unit: fc.constantFrom(...'ab".|*'), maxLength: 8 });
const matcher = fc.oneof(
  fc.record({ tag, operator: fc.constantFrom('=' as const, '!=' as const), value: text }),
  fc.record({ tag, operator: fc.constantFrom('=~' as const, '!~' as const), value: pattern }),
);
const selector: fc.Arbitrary<Selector> = fc.record({ name, matchers: fc.array(matcher, { maxLength: 4 }) });

function picks(selector: string, stream: string, tags: Tags = {}): boolean {
  return matcherOf(parseSelector(selector))({ stream, tags });
}

describe('reading and writing', () => {
  test('[T1] a name, and matchers in braces', () => {
    expect(parseSelector('host.*{region=~"eu|us", route != "/" }')).toEqual({
      name: 'host.*',
      matchers: [
        { tag: 'region', operator: '=~', value: 'eu|us' },
        { tag: 'route', operator: '!=', value: '/' },
      ],
    });
    expect(parseSelector(' cpu { } ')).toEqual({ name: 'cpu', matchers: [] });
  });

  test('[T1] quotes, backslashes and line ends in a value are escaped', () => {
    expect(parseSelector(String.raw`a{b="say \"hi\"\\\n"}`).matchers[0]!.value).toBe('say "hi"\\\n');
  });

  test('[T1] what is written is read, and written again the same', () => {
    fc.assert(
      fc.property(selector, (selector) => {
        const written = formatSelector(selector);
        expect(new Set(parseSelector(written).matchers)).toEqual(new Set(selector.matchers));
        expect(formatSelector(parseSelector(written))).toBe(written);
      }),
    );
  });

  test('[T1] the order of matchers and the spaces between them make no other selector', () => {
    const forms = ['a{x="1",y=~"2*"}', ' a { y =~ "2*" , x = "1" } '];
    expect(new Set(forms.map((form) => formatSelector(parseSelector(form)))).size).toBe(1);
  });
});

describe('mistakes', () => {
  test.each([
    ['', 1, 'expected the name of a stream'],
    ['9cpu', 1, 'expected the name of a stream'],
    ['cpu x', 5, 'expected the end'],
    ['cpu{region}', 11, 'expected = != =~ or !~'],
    ['cpu{region=eu}', 12, 'expected a value in double quotes'],
    ['cpu{region="eu"', 16, 'expected , or }'],
    ['cpu{region="eu",}', 17, 'expected the name of a tag'],
    ['cpu{region="e\\u"}', 12, 'expected a value in double quotes'],
    ['cpu{region=~"(eu)"}', 14, '"(" has no meaning in a pattern'],
    ['cpu{region=~"a\\"b+"}', 18, '"+" has no meaning in a pattern'],
    ['cpu{region=~"a\\\\b"}', 15, '"\\\\" has no meaning in a pattern'],
  ])('[T1] %s names column %i', (selector, column, what) => {
    expect(() => parseSelector(selector)).toThrow(`column ${column}: ${what}`);
    expect(() => parseSelector(selector)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });

  test('[L1] a selector that is too long is refused before it is read', () => {
    expect(() => parseSelector('a'.repeat(MAX_SELECTOR_LENGTH))).not.toThrow();
    expect(() => parseSelector('a'.repeat(MAX_SELECTOR_LENGTH + 1))).toThrow('the selector is too long');
  });

  test('[T1] whatever somebody writes is a selector or a mistake', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'a*.{}=~!", \\n|é'), maxLength: 40 }), (text) => {
        try {
          parseSelector(text);
        } catch (error) {
          expect(error).toBeInstanceOf(QuantumFluxError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('matching', () => {
  test('[T2] in a name * stands for any text, and everything else for itself', () => {
    expect(picks('*', 'anything')).toBe(true);
    expect(picks('host.cpu', 'host.cpu')).toBe(true);
    expect(picks('host.cpu', 'host.cpu.load')).toBe(false);
    expect(picks('host.*', 'host.cpu.load')).toBe(true);
    expect(picks('host.*.load', 'host.cpu.load')).toBe(true);
    expect(picks('*cpu*', 'host.cpu.load')).toBe(true);
    expect(picks('host*', 'host')).toBe(true);
  });

  test('[T2] the dot before a * is a dot', () => {
    expect(picks('host.*', 'hostile')).toBe(false);
    expect(picks('host.*', 'host')).toBe(false);
  });

  test('[T3] a value is compared, a pattern matched, and a tag that is missing is empty', () => {
    const tags = { region: 'eu-west', route: '/' };
    expect(picks('a{region="eu-west"}', 'a', tags)).toBe(true);
    expect(picks('a{region="eu*"}', 'a', tags)).toBe(false);
    expect(picks('a{region=~"us*|eu*"}', 'a', tags)).toBe(true);
    expect(picks('a{region=~"eu.*"}', 'a', tags)).toBe(true);
    expect(picks('a{region=~"west"}', 'a', tags)).toBe(false);
    expect(picks('a{region!~"us*",route="/"}', 'a', tags)).toBe(true);
    expect(picks('a{zone=""}', 'a', tags)).toBe(true);
    expect(picks('a{zone!=""}', 'a', tags)).toBe(false);
    expect(picks('a{toString=""}', 'a', tags)).toBe(true);
  });

  test('[T3] a pattern matches what the same regular expression does', () => {
    const subject = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 10 });
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b', '*', '|'), maxLength: 10 }),
        subject,
        (pattern, subject) => {
          const expected = new RegExp(`^(?:${pattern.replaceAll('*', '.*')})$`).test(subject);
          expect(picks(`s{tag=~"${pattern}"}`, 's', { tag: subject })).toBe(expected);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('[T3] a pattern made to take for ever takes no longer than another', () => {
    const slow = `s{tag=~"${'*a'.repeat(400)}*b*"}`;
    const subject = { stream: 's', tags: { tag: 'a'.repeat(100_000) } };
    const matches = matcherOf(parseSelector(slow));
    const start = performance.now();
    expect(matches(subject)).toBe(false);
    // A backtracking engine needs longer than the universe has been there.
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
