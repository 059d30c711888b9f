import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

export const keyKinds = ['secret', 'ingest', 'publishable'] as const;
export type KeyKind = (typeof keyKinds)[number];

const prefixes: Readonly<Record<KeyKind, string>> = { secret: 'qf_sk_', ingest: 'qf_ik_', publishable: 'qf_pk_' };

/** A new key: its kind, 256 random bits, and a checksum by which tools that look for leaked secrets know it from noise. */
export function newKey(kind: KeyKind): string {
  const body = prefixes[kind] + randomBytes(32).toString('base64url');
  return body + checksumOf(body);
}

/** Whether this text says it is an API key, and not a token. */
export function looksLikeKey(text: string): boolean {
  return Object.values(prefixes).some((prefix) => text.startsWith(prefix));
}

/** What is stored instead of the key. A plain hash is enough: nobody can try all 256-bit keys. */
export function hashOf(key: string): Buffer<ArrayBuffer> {
  return createHash('sha256').update(key).digest();
}

/** By which people tell their keys apart: `qf_sk_…x7Qd`. Of a short key, chosen by a person, nothing is told. */
export function hintOf(key: string): string {
  const prefix = key.slice(0, 'qf_sk_'.length);
  return `${prefix}…${key.length >= 24 ? key.slice(-4) : ''}`;
}

/** Of one's own wording, too: keys given by configuration have no checksum. */
export function isKeyOf(kind: KeyKind, text: string): boolean {
  return text.startsWith(prefixes[kind]);
}

function checksumOf(text: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(text));
  return bytes.toString('base64url');
}
