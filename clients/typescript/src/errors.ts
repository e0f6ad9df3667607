/** Why a connection failed. */
export class StreamError extends Error {
  declare readonly name: string;
  /** One of `WaitReason`. */
  declare readonly code: string;
  /** The answer's status. */
  declare readonly status?: number;
  /** How long the server asked to wait, in milliseconds. */
  declare readonly retryAfter?: number | undefined;
  /** Trying again is of no use. */
  declare readonly final?: boolean;

  constructor(code: string, message = `The connection ended: ${code}.`, more: { status?: number; retryAfter?: number | undefined; final?: boolean; cause?: unknown } = {}) {
    super(message);
    Object.assign(this, { name: 'StreamError', code }, more);
  }
}

// 4xx is not worth trying again as it is, but 401, 403, 408, 409, 421, 423, 425 and 429: whoever may not now may later, and some conflicts pass.
const hopeless = /^4(?!0[1389]|2[1359])/;

/** Throws where an answer is none of success. */
export function checkStatus(response: Response, now: number): void {
  const { status } = response;
  // The HTML standard, section 9.2.3: 204 tells the client to stop.
  const isEnd = status === 204;
  if (response.ok && !isEnd) return;
  void response.body?.cancel().catch(() => {});
  throw new StreamError(isEnd ? 'ended' : 'status', `The server answered ${status}.`, {
    status,
    retryAfter: retryAfter(response.headers, now) ?? (status === 401 || status === 403 ? 60_000 : undefined),
    final: isEnd || hopeless.test(String(status)),
  });
}

/** Milliseconds to wait. A date is of the server's clock, so it is compared with the server's `Date`. */
export function retryAfter(headers: Headers, now: number): number | undefined {
  const text = headers.get('Retry-After')?.trim();
  if (!text) return undefined;
  const wait = /^\d+$/.test(text)
    ? Number(text) * 1000
    : Date.parse(text) - (Date.parse(headers.get('Date') ?? '') || now);
  return wait > 0 ? wait : undefined;
}
