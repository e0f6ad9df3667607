// A network between client and server, which counts, and cuts.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export class Proxy {
  #server;
  #port = 0;
  #target;
  #spares;
  #watchers = new Set();
  #open = new Set();
  #cutAfter = () => Infinity;

  /** Connections that were taken. */
  connections = 0;

  /** Pieces that the server sent. */
  chunks = 0;

  cuts = 0;

  /** Connections that were answered with an error. */
  errors = 0;

  /** Whether connections that begin now are answered `502`. */
  isBroken = false;

  /** @param spares Where not to cut: of what came last, as text. */
  constructor(target, spares = null) {
    this.#target = target;
    this.#spares = spares;
  }

  /** Listens, the first time at a port of its own, which it keeps. */
  async start() {
    this.#server = createServer(client => this.#relay(client));
    await once(this.#server.listen(this.#port, '127.0.0.1'), 'listening');
    this.#port = this.#server.address().port;
    return this;
  }

  /** Takes no connections until it starts again; those that are open stay. */
  leave() {
    this.#server.close();
  }

  get url() {
    return `http://127.0.0.1:${this.#port}/events`;
  }

  /** Cuts each connection that begins now behind as many bytes as `next` says, wherever in an event that is. */
  cutAfter(next) {
    this.#cutAfter = next;
  }

  /** Cuts all connections that are open. */
  cutAll() {
    this.#open.forEach(end => end());
  }

  /** Called whenever something happened here. */
  watch(watcher) {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  dispose() {
    this.#server.close();
    this.cutAll();
  }

  #tell() {
    for (const watcher of this.#watchers)
      watcher();
  }

  #relay(client) {
    if (this.isBroken) {
      client.on('error', () => {}).once('data', () => {
        this.errors++;
        client.end('HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
        this.#tell();
      });
      return;
    }

    this.connections++;
    let left = this.#cutAfter();
    const server = connect(this.#target.port, '127.0.0.1');
    const end = () => {
      client.destroy();
      server.destroy();
      this.#open.delete(end);
    };
    this.#open.add(end);
    // What a cut connection says of that is nobody's concern.
    for (const socket of [client, server])
      socket.on('error', end).on('close', end);
    client.pipe(server);
    server.on('data', chunk => {
      this.chunks++;
      if (chunk.length < left) {
        left -= chunk.length;
        if (!client.write(chunk)) {
          server.pause();
          client.once('drain', () => server.resume());
        }
      } else {
        // What came before the cut arrives.
        this.cuts++;
        if (this.#spares?.test(chunk.subarray(0, left).toString('latin1')))
          left--;
        server.destroy();
        client.write(chunk.subarray(0, left), () => client.destroy());
        left = Infinity;
      }
      this.#tell();
    });
    this.#tell();
  }
}
