import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeBase64, encodeBase64 } from '../src/base64.js';
import { decodeUtf8 } from '../src/utf8.js';

const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** What the platform makes of the bytes; broken UTF-8 comes out byte by byte. */
function expected(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return String.fromCharCode(...bytes);
  }
}

test('any bytes are decoded as UTF-8 as the platform does', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => decodeUtf8(bytes) === expected(bytes)),
    { numRuns: 5000 },
  );
});

test('any text, whole, cut or changed at any place, is decoded as the platform does', () => {
  const broken = fc.tuple(fc.string({ unit: 'binary' }), fc.nat(), fc.option(fc.nat(255)), fc.option(fc.nat()));
  fc.assert(
    fc.property(broken, ([text, place, byte, end]) => {
      const bytes = new TextEncoder().encode(text);
      if (byte !== null && bytes.length > 0) bytes[place % bytes.length] = byte;
      const cut = end === null ? bytes : bytes.subarray(0, end % (bytes.length + 1));
      return decodeUtf8(cut) === expected(cut);
    }),
    { numRuns: 5000 },
  );
});

test.each([
  ['surrogates', [0xed, 0xa0, 0x80]],
  ['long forms', [0xc0, 0xaf, 0xe0, 0x80, 0xaf, 0xf0, 0x80, 0x80, 0xaf]],
  ['beyond the end', [0xf4, 0x90, 0x80, 0x80, 0xf5, 0x80, 0x80, 0x80]],
  ['the last character', [0xf4, 0x8f, 0xbf, 0xbf]],
  ['a byte order mark', [0xef, 0xbb, 0xbf, 0x41]],
  ['what looks escaped', [...'%u00e4 %41 +/'].map((character) => character.charCodeAt(0))],
])('%s are decoded as the platform does', (_, bytes) => {
  expect(decodeUtf8(new Uint8Array(bytes))).toBe(expected(new Uint8Array(bytes)));
});

test('JSON with broken UTF-8 in it can still be read', () => {
  const bytes = new TextEncoder().encode('{"before":1,"text":"ä","after":2}');
  bytes[bytes.indexOf(0xc3) + 1] = 0x41;

  expect(JSON.parse(decodeUtf8(bytes))).toMatchObject({ before: 1, after: 2 });
});

test('any bytes are the same base64 as on another platform, and come back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const text = encodeBase64(bytes);
      expect(text).toBe(Buffer.from(bytes).toString('base64'));
      expect(decodeBase64(text)).toEqual(bytes);
      expect(decodeBase64(text.replace(/=+$/, ''))).toEqual(bytes);
    }),
    { numRuns: 2000 },
  );
});
