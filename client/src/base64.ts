const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Uint8Array(128);
for (let value = 0; value < 64; value++) VALUES[ALPHABET.charCodeAt(value)] = value;

/** Encodes bytes as base64 with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    // Behind the end there is undefined, which counts as 0.
    const bits = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
    for (let place = 0; place < 4; place++) {
      text += at + place > bytes.length ? '=' : ALPHABET[(bits >> (18 - 6 * place)) & 63];
    }
  }
  return text;
}

/** Decodes base64, with or without padding. */
export function decodeBase64(text: string): Uint8Array {
  const digits = text.replace(/=+$/, '');
  const bytes = new Uint8Array((digits.length * 3) >> 2);
  for (let at = 0, bits = 0, place = 0; place < digits.length; place++) {
    bits = (bits << 6) | (VALUES[digits.charCodeAt(place) & 127] as number);
    if (place % 4) bytes[at++] = bits >> (6 - 2 * (place % 4));
  }
  return bytes;
}
