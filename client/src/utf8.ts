import { toBinary } from './base64.js';

/**
 * Decodes UTF-8. Hermes of React Native 0.86 has no TextDecoder. Broken UTF-8 is returned byte by byte, so that the JSON
 * around it can still be read.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  const binary = toBinary(bytes);
  try {
    return decodeURIComponent(escape(binary));
  } catch {
    return binary;
  }
}
