/** Decodes UTF-8 as the platform's decoder does: each broken sequence becomes U+FFFD. Hermes of React Native 0.86 has none. */
export function decodeUtf8(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at++] as number;
    // How many bytes follow, and the range of the first of them, which rules out long forms, surrogates and the end.
    const more = lead < 0x80 ? 0 : lead < 0xc2 || lead > 0xf4 ? -1 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    let low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    let high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    let point = more ? lead & (0x3f >> more) : lead;
    let left = more;
    for (; left > 0; left--) {
      const next = bytes[at] as number;
      if (!(next >= low && next <= high)) break;
      point = (point << 6) | (next & 0x3f);
      low = 0x80;
      high = 0xbf;
      at++;
    }
    text += left ? '\ufffd' : String.fromCodePoint(point);
  }
  return text;
}
