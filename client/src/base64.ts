declare function btoa(binary: string): string;
declare function atob(text: string): string;

/** Returns a string with one character for each byte. */
export function toBinary(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return binary;
}

/** Encodes bytes as base64 with padding. */
export const encodeBase64 = (bytes: Uint8Array): string => btoa(toBinary(bytes));

/** Decodes base64, with or without padding. */
export const decodeBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0));
