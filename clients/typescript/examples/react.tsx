import { subscribe, type StreamEvent, type StreamState, type SubscribeOptions } from '@buffkit/client';
import { useEffect, useRef, useState } from 'react';

/** Subscribes while the component is mounted. What `options` says counts when the stream begins; give a `key` to begin anew. */
export function useEventStream(url: string, topics: string, onEvent: (event: StreamEvent) => void, options: SubscribeOptions = {}): StreamState {
  const [state, setState] = useState<StreamState>({ name: 'connecting' });
  // The newest callback is called, and a new one is no reason to connect anew.
  const latest = useRef({ onEvent, options });
  useEffect(() => {
    latest.current = { onEvent, options };
  });

  useEffect(() => {
    const stream = subscribe(url, {
      ...latest.current.options,
      topics,
      onEvent: event => latest.current.onEvent(event),
      onState: setState,
    });
    return () => stream.close();
  }, [url, topics]);

  return state;
}
