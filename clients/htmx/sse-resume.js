// The sse extension of htmx begins a new EventSource when a browser has given one up, as it does after an error status, and the
// new one would know nothing of the last id. With this, loaded after the extension, it goes on where the old one was.
(() => {
  htmx.createEventSource = url => {
    const source = new EventSource(url, { withCredentials: true });
    const listen = source.addEventListener.bind(source);
    const note = event => { source.lastId = event.lastEventId || source.lastId; };
    source.addEventListener = (type, ...rest) => {
      listen(type, note);
      listen(type, ...rest);
    };
    for (const type of ['stream.open', 'stream.heartbeat', 'stream.gap'])
      listen(type, note);
    return source;
  };

  document.addEventListener('htmx:sseError', ({ target, detail: { source } }) => {
    if (source.readyState !== EventSource.CLOSED || !source.lastId)
      return;
    const name = target.hasAttribute('sse-connect') ? 'sse-connect' : 'data-sse-connect';
    const url = new URL(target.getAttribute(name), location);
    url.searchParams.set('lastEventId', source.lastId);
    target.setAttribute(name, url);
  });
})();
