import WebSocket from 'ws';

export function subscribe(url, types, onEvent) {
  const address = new URL(url.replace(/^http/, 'ws'));
  address.pathname += '/ws';
  let socket, timer;
  connect();
  return () => {
    clearTimeout(timer);
    socket.removeAllListeners('close').terminate();
  };

  function connect() {
    let retry = 1_000 + 1_000 * Math.random();
    socket = new WebSocket(address, 'cloudevents.json');
    socket.on('message', message => {
      const { id, type, data, data_base64 } = JSON.parse(message);
      if (type === 'stream.close')
        retry = data.retryMs;
      else
        address.searchParams.set('after', id);
      onEvent({ id, type, data: data_base64 ?? data });
    });
    // 'close' follows.
    socket.on('error', () => {});
    socket.on('close', () => { timer = setTimeout(connect, retry); });
  }
}
