/** Says what a callback threw as loudly as what an event listener throws. */
export function report(error: unknown): void {
  if (typeof reportError === 'function') reportError(error);
  else queueMicrotask(() => { throw error; });
}

/** Reads the data of a control event. What is no object has none of the members that are asked for. */
export function parse(data: string): Record<string, unknown> {
  try {
    return (JSON.parse(data) as Record<string, unknown> | null) ?? {};
  } catch {
    return {};
  }
}
