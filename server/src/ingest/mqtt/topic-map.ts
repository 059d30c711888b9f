import type { Tags } from '@quantumflux/sdk/protocol';
import { streamNameOf, tagNameOf } from '../names.ts';

/** Where the points of a topic go. */
export type Place = { stream: string; tags: Tags };

/** One rule: the levels of a topic, and the name of the stream that they make. */
type Rule = { levels: string[]; stream: string };

const placeholder = /\{([A-Za-z_][\w.-]*)\}/g;
const capture = /^\{([A-Za-z_][\w.-]*)\}$/;

/**
 * Reads `plant/{line}/{sensor} -> plant.{sensor}; home/+/temp -> home.temp`. A level in braces matches any, and is a tag
 * unless it is in the name of the stream; `+` matches any level, `#` at the end any that are left. Throws an Error with a
 * sentence.
 */
export function parseTopicMap(text: string): Rule[] {
  const rules = text.split(';').map((rule) => rule.trim());
  return rules.filter((rule) => rule !== '').map(ruleOf);
}

/** The first rule that fits says where; without one, the topic with dots between its levels is the stream. */
export function placeOf(topic: string, rules: readonly Rule[]): Place {
  const levels = topic.split('/');
  for (const rule of rules) {
    const found = match(levels, rule.levels);
    if (found) return fill(rule.stream, found);
  }
  return { stream: streamNameOf(levels.filter((level) => level !== '').join('.')), tags: {} };
}

function ruleOf(rule: string): Rule {
  const [topic, stream, ...more] = rule.split('->').map((part) => part.trim());
  if (!topic || !stream || more.length > 0)
    throw mistake(rule, 'must look like plant/{line}/{sensor} -> plant.{sensor}');
  const levels = topic.split('/');
  const names = levels.flatMap((level) => capture.exec(level)?.[1] ?? []);
  levels.forEach((level, i) => {
    const isWhole = level === '+' || capture.test(level) || (level === '#' && i === levels.length - 1);
    if (!isWhole && /[+#{}]/.test(level)) throw mistake(rule, `has a level that cannot be: ${level}`);
  });
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice) throw mistake(rule, `has {${twice}} twice`);
  const unknown = [...stream.matchAll(placeholder)].find(([, name]) => !names.includes(name!));
  if (unknown) throw mistake(rule, `has ${unknown[0]} in the name of the stream, but not in the topic`);
  if (/[{}]/.test(stream.replaceAll(placeholder, ''))) throw mistake(rule, 'has a brace without its other one');
  return { levels, stream };
}

function mistake(rule: string, what: string): Error {
  return new Error(`The environment is not right:\n  MQTT_MAP: "${rule}" ${what}.`);
}

/** What the levels in braces stand for; undefined when the topic does not fit. */
function match(topic: readonly string[], rule: readonly string[]): Map<string, string> | undefined {
  const found = new Map<string, string>();
  for (const [i, level] of rule.entries()) {
    if (level === '#') return found;
    const there = topic[i];
    if (there === undefined) return undefined;
    const name = capture.exec(level)?.[1];
    if (name !== undefined) found.set(name, there);
    else if (level !== '+' && level !== there) return undefined;
  }
  return topic.length === rule.length ? found : undefined;
}

function fill(stream: string, found: Map<string, string>): Place {
  const tags = new Map([...found].filter(([, value]) => value !== ''));
  const name = stream.replaceAll(placeholder, (_, name: string) => {
    tags.delete(name);
    return found.get(name)!;
  });
  return {
    stream: streamNameOf(name),
    tags: Object.fromEntries([...tags].map(([name, value]) => [tagNameOf(name), value])),
  };
}
