import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeBase64, encodeBase64 } from '../src/base64.js';
import { decodeUtf8 } from '../src/utf8.js';

const platform = new TextDecoder('utf-8', { ignoreBOM: true });

test('any bytes are decoded as UTF-8 as the platform does', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => decodeUtf8(bytes) === platform.decode(bytes)),
    {
      numRuns: 5000,
    },
  );
});

test('any text, cut or changed at any place, is decoded as the platform does', () => {
  const broken = fc.tuple(fc.string({ unit: 'binary' }), fc.nat(), fc.nat(255), fc.nat());
  fc.assert(
    fc.property(broken, ([text, place, byte, end]) => {
      const bytes = new TextEncoder().encode(text);
      if (bytes.length > 0) bytes[place % bytes.length] = byte;
      const cut = bytes.subarray(0, end % (bytes.length + 1));
      return decodeUtf8(cut) === platform.decode(cut);
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
])('%s are decoded as the platform does', (_, bytes) => {
  expect(decodeUtf8(new Uint8Array(bytes))).toBe(platform.decode(new Uint8Array(bytes)));
});

test('any bytes are the same base64 as on the platform, and come back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const text = encodeBase64(bytes);
      expect(text).toBe(btoa(String.fromCharCode(...bytes)));
      expect(decodeBase64(text)).toEqual(bytes);
      expect(decodeBase64(text.replace(/=+$/, ''))).toEqual(bytes);
    }),
    { numRuns: 2000 },
  );
});
