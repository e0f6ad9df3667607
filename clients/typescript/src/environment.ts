import type { Environment } from './types.js';

/** Listens to what a browser says of sleep and network; where there is none, as in a server, to nothing. */
export function watchEnvironment(
  environment: Environment, suspend: () => void, resume: () => void, offline: () => void, online: () => void,
): () => void {
  const { window = environment as EventTarget, document } = environment;
  const heard: [EventTarget | undefined, string, () => void][] = [
    [window, 'online', online],
    [window, 'offline', offline],
    [window, 'pagehide', suspend],
    [window, 'pageshow', resume],
    [document, 'freeze', suspend],
    [document, 'resume', resume],
    [document, 'visibilitychange', () => document?.visibilityState === 'hidden' || resume()],
  ];
  for (const [target, type, handle] of heard) target?.addEventListener?.(type, handle);
  return () => heard.forEach(([target, type, handle]) => target?.removeEventListener?.(type, handle));
}
