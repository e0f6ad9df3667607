/** A payload that is no text. */
export interface BinaryPayload {
  /** Its media type, as `image/png`. */
  contentType: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Reads the data URI (RFC 2397) as which a binary payload travels. Gives nothing for any other text.
 * A publisher's own text may look the same; who subscribes knows which types are binary.
 */
export function readBinary(event: { readonly data: string }): BinaryPayload | undefined {
  const match = /^data:([^,]*?);base64,([A-Za-z0-9+/]*={0,2})$/.exec(event.data);
  if (!match) return undefined;
  return { contentType: match[1] || 'text/plain;charset=US-ASCII', bytes: fromBase64(match[2]!) };
}

/** Decodes base64, or base64url, without line breaks. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, character => character.charCodeAt(0));
}

/** Encodes bytes as base64. */
export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  // In pieces: a call takes no more than some 100,000 arguments.
  for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(binary);
}
