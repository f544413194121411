// btoa and atob, which Hermes has had since React Native 0.74, and not in the version of the tests.
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Uint8Array(128);
for (let value = 0; value < 64; value++) VALUES[ALPHABET.charCodeAt(value)] = value;

/** Encodes a string with one character for each byte. */
export function btoa(binary: string): string {
  let text = '';
  for (let at = 0; at < binary.length; at += 3) {
    // Behind the end there is NaN, which counts as 0.
    const bits = (binary.charCodeAt(at) << 16) | (binary.charCodeAt(at + 1) << 8) | binary.charCodeAt(at + 2);
    for (let place = 0; place < 4; place++) {
      text += at + place > binary.length ? '=' : ALPHABET[(bits >> (18 - 6 * place)) & 63];
    }
  }
  return text;
}

/** Decodes base64 to such a string. */
export function atob(text: string): string {
  const digits = text.replace(/=+$/, '');
  let binary = '';
  for (let bits = 0, place = 0; place < digits.length; place++) {
    bits = (bits << 6) | (VALUES[digits.charCodeAt(place)] as number);
    if (place % 4) binary += String.fromCharCode((bits >> (6 - 2 * (place % 4))) & 255);
  }
  return binary;
}
