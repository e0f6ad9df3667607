export function subscribe(url, types, onEvent) {
  const source = new EventSource(url);
  for (const type of types)
    source.addEventListener(type, ({ lastEventId, data }) => onEvent({ id: lastEventId, type, data }));
  return () => source.close();
}
