/*! event-stream 0.1.0, MIT licence */

// src/backoff.ts
var longest = 864e5;
var Backoff = class {
  /** Connections in a row that failed. */
  failures = 0;
  /** What `retry:` said, in milliseconds. Servers draw it at random, so that a crowd doesn't come back at once. */
  retry;
  #min;
  #max;
  #random;
  constructor(min, max, random) {
    this.#min = min;
    this.#max = max;
    this.#random = random;
  }
  /**
   * @param exactly What `stream.close` said: drawn for this client alone, so nothing is added, unless it is nearly nothing again and again.
   * @param atLeast What `Retry-After` said: the same for everybody, so jitter is added.
   */
  next(exactly = 0, atLeast = 0) {
    const base = Math.max(this.retry ?? 0, exactly);
    if (exactly > 0 && (exactly >= this.#min || this.failures < 2)) {
      const floor = Math.min(exactly, longest);
      return { floor, total: floor };
    }
    const jitter = this.retry !== void 0 && !this.failures && !atLeast ? 0 : this.#random() * Math.min(this.#max, Math.max(this.#min, base) * 2 ** Math.max(0, this.failures - 1));
    return { floor: Math.min(atLeast, longest), total: Math.min(Math.max(base, atLeast) + jitter, longest) };
  }
};

// src/callbacks.ts
function report(error) {
  if (typeof reportError === "function") reportError(error);
  else queueMicrotask(() => {
    throw error;
  });
}
function parse(data) {
  try {
    return JSON.parse(data) ?? {};
  } catch {
    return {};
  }
}

// src/clock.ts
var systemClock = {
  now: () => Date.now(),
  setTimeout: (callback, milliseconds) => setTimeout(callback, milliseconds),
  clearTimeout: (timer) => clearTimeout(timer),
  random: () => Math.random()
};

// src/environment.ts
function watchEnvironment(environment, suspend, resume, offline, online) {
  const { window = environment, document } = environment;
  const heard = [
    [window, "online", online],
    [window, "offline", offline],
    [window, "pagehide", suspend],
    [window, "pageshow", resume],
    [document, "freeze", suspend],
    [document, "resume", resume],
    [document, "visibilitychange", () => document?.visibilityState === "hidden" || resume()]
  ];
  for (const [target, type, handle] of heard) target?.addEventListener?.(type, handle);
  return () => heard.forEach(([target, type, handle]) => target?.removeEventListener?.(type, handle));
}

// src/errors.ts
var StreamError = class extends Error {
  constructor(code, message = `The connection ended: ${code}.`, more = {}) {
    super(message);
    Object.assign(this, { name: "StreamError", code }, more);
  }
};
var hopeless = /^4(?!0[1389]|2[1359])/;
function checkStatus(response, now) {
  const { status } = response;
  const isEnd = status === 204;
  if (response.ok && !isEnd) return;
  void response.body?.cancel().catch(() => {
  });
  throw new StreamError(isEnd ? "ended" : "status", `The server answered ${status}.`, {
    status,
    retryAfter: retryAfter(response.headers, now) ?? (status === 401 || status === 403 ? 6e4 : void 0),
    final: isEnd || hopeless.test(String(status))
  });
}
function retryAfter(headers, now) {
  const text = headers.get("Retry-After")?.trim();
  if (!text) return void 0;
  const wait = /^\d+$/.test(text) ? Number(text) * 1e3 : Date.parse(text) - (Date.parse(headers.get("Date") ?? "") || now);
  return wait > 0 ? wait : void 0;
}

// src/life.ts
var look = 5e3;
function watchLife(life, clock, options, wake2, cut) {
  const { openTimeout = 1e4, readTimeout = 45e3 } = options;
  const { signal } = life.controller;
  let looked = life.lastByte = clock.now();
  const patience = () => life.firstByte ? readTimeout : openTimeout;
  const check = () => {
    const now = clock.now();
    if (now - looked > 2 * look) wake2();
    looked = now;
    life.lastByte = Math.min(life.lastByte, now);
    if (life.isReading && now - life.lastByte >= patience()) cut(life.firstByte ? "timeout" : "silent");
    if (!signal.aborted) arm();
  };
  let timer;
  const arm = () => {
    const left = life.lastByte + patience() - clock.now();
    timer = clock.setTimeout(check, left > 0 && left < look ? left : look);
  };
  arm();
  signal.addEventListener("abort", () => clock.clearTimeout(timer), { once: true });
}

// src/queue.ts
var BoundedQueue = class {
  #items = [];
  #limit;
  #ended;
  #wantsItem = [];
  #wantsSpace = [];
  constructor(limit3) {
    this.#limit = Math.max(1, limit3);
  }
  /** Puts an item in. Where that fills the queue, gives a promise that is kept when there is space again. */
  push(item) {
    this.#items.push(item);
    this.#wantsItem.shift()?.();
    if (this.#items.length >= this.#limit) return new Promise((resolve) => this.#wantsSpace.push(resolve));
  }
  /** Takes the next item; `undefined` after the last one. Throws the error that ended the queue. */
  async take() {
    while (!this.#items.length && !this.#ended) await new Promise((resolve) => this.#wantsItem.push(resolve));
    const item = this.#items.shift();
    if (this.#items.length <= this.#limit / 2) wake(this.#wantsSpace);
    if (item === void 0 && this.#ended?.error) throw this.#ended.error;
    return item;
  }
  /** Nothing more comes. */
  end(error) {
    this.#ended ??= error ? { error } : {};
    wake(this.#wantsItem);
  }
  clear() {
    this.#items.length = 0;
    wake(this.#wantsSpace);
  }
};
function wake(waiting) {
  for (const resolve of waiting.splice(0)) resolve();
}

// src/race.ts
function race(promise, signal) {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    Promise.resolve(promise).then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

// src/recent-ids.ts
var RecentIds = class {
  #ids = /* @__PURE__ */ new Set();
  #limit;
  constructor(limit3) {
    this.#limit = limit3;
  }
  has(id) {
    return this.#ids.has(id);
  }
  clear() {
    this.#ids.clear();
  }
  add(id) {
    this.#ids.delete(id);
    this.#ids.add(id);
    if (this.#ids.size > this.#limit) for (const oldest of this.#ids) return void this.#ids.delete(oldest);
  }
};

// src/parser.ts
var fieldAndValue = /^([^:]*):? ?(.*)/s;
var maxEventLength = 32 * 1024 * 1024;
var EventStreamParser = class {
  // Strips one byte order mark, as "UTF-8 decode" does; a second one is a part of the first line.
  #decoder = new TextDecoder();
  #line = "";
  #skipLineFeed = false;
  #data = "";
  #hasData = false;
  #type = "";
  #id;
  #ownId = false;
  /** @param lastEventId The last event id of the stream that this one resumes. */
  constructor(lastEventId = "") {
    this.#id = lastEventId;
  }
  /** Takes the next bytes and gives what they complete. What is not complete at the end of a stream is dropped. */
  push(bytes) {
    const messages = [];
    const text = this.#decoder.decode(bytes, { stream: true });
    let start = 0;
    if (text && this.#skipLineFeed) {
      this.#skipLineFeed = false;
      if (text[0] === "\n") start = 1;
    }
    for (let lf = text.indexOf("\n", start), cr = text.indexOf("\r", start); lf >= 0 || cr >= 0; ) {
      const end = cr < 0 || lf >= 0 && lf < cr ? lf : cr;
      this.#take(this.#line + text.slice(start, end), messages);
      this.#line = "";
      start = end + 1;
      if (end === cr) {
        if (start === text.length) this.#skipLineFeed = true;
        else if (lf === start) start++;
        cr = text.indexOf("\r", start);
      }
      if (lf >= 0 && lf < start) lf = text.indexOf("\n", start);
    }
    this.#line += text.slice(start);
    if (this.#line.length + this.#data.length > maxEventLength) throw new RangeError("An event is too long.");
    return messages;
  }
  #take(line, messages) {
    if (!line) {
      this.#dispatch(messages);
      return;
    }
    const [, field, value] = fieldAndValue.exec(line);
    if (field === "data") {
      this.#data += value + "\n";
      this.#hasData = true;
    } else if (field === "event") {
      this.#type = value;
    } else if (field === "id") {
      if (!value.includes("\0") && value.length <= 1e3) {
        this.#id = value;
        this.#ownId = true;
      }
    } else if (field === "retry" && /^[0-9]+$/.test(value)) {
      messages.push({ type: "", id: this.#id, ownId: false, retry: Number(value) });
    }
  }
  #dispatch(messages) {
    if (this.#hasData) {
      messages.push({ type: this.#type || "message", data: this.#data.slice(0, -1), id: this.#id, ownId: this.#ownId });
    } else if (this.#ownId) {
      messages.push({ type: "", id: this.#id, ownId: true });
    }
    this.#data = this.#type = "";
    this.#hasData = this.#ownId = false;
  }
};

// src/sse.ts
var eventStream = {
  name: "sse",
  async connect(connection) {
    const { signal, lastEventId } = connection;
    const response = await connection.fetch(withQuery(connection.url, connection.query), {
      // A browser would let the second of two equal requests wait for the first one's end, to answer it from the cache.
      cache: "no-store",
      headers: { Accept: "text/event-stream", ...lastEventId && { "Last-Event-ID": utf8(lastEventId) } }
    });
    const contentType = response.headers.get("Content-Type") ?? "";
    if (!/^text\/event-stream\s*(;|$)/i.test(contentType) || !response.body) {
      void response.body?.cancel().catch(() => {
      });
      throw new StreamError("content-type", `The answer is no event stream but '${contentType}'.`, { status: response.status });
    }
    const reader = response.body.getReader();
    try {
      const parser = new EventStreamParser(lastEventId);
      for (; ; ) {
        connection.reading();
        const { done, value } = await race(reader.read(), signal);
        if (done) return;
        connection.received();
        for (const message of parser.push(value)) {
          const taken = connection.message(message);
          if (taken) await taken;
        }
      }
    } finally {
      void reader.cancel().catch(() => {
      });
    }
  }
};
var utf8 = (text) => String.fromCharCode(...new TextEncoder().encode(text));
function withQuery(url, query) {
  const text = query.toString();
  return text ? url + (url.includes("?") ? "&" : "?") + text : url;
}

// src/subscription.ts
var goodLife = 1e3;
var EventSubscription = class {
  closed;
  #url;
  #options;
  #topics;
  #key;
  #transport;
  #clock;
  #backoff;
  #seen;
  #queue;
  #stopWatching;
  #resolveClosed;
  #state = { name: "connecting" };
  #cursor = "";
  /** `after` of the first connection, and of the first one after the state was loaded. */
  #after;
  #needsState;
  #wasRefused = false;
  #hadGap = false;
  #isClosed = false;
  #isSuspended = false;
  #isOffline = false;
  #iterates;
  #unhandled = 0;
  #onIdle;
  /** Kept when the consumer has taken what it was given, also by a connection that has ended since. */
  #taken;
  #life;
  #endWait;
  constructor(url, options) {
    this.#url = url;
    this.#options = options;
    this.#topics = [options.topics ?? []].flat();
    this.#key = [url, options.format ?? "raw", ...this.#topics].join(" ");
    this.#transport = options.transport ?? eventStream;
    this.#clock = options.clock ?? systemClock;
    this.#backoff = new Backoff(options.retryMin ?? 1e3, options.retryMax ?? 3e4, () => this.#clock.random());
    this.#seen = new RecentIds(options.dedupe ?? 1024);
    this.#queue = new BoundedQueue(options.queue ?? 256);
    this.#after = options.after;
    this.#needsState = !!options.getState;
    this.#iterates = !options.onEvent;
    this.closed = new Promise((resolve) => this.#resolveClosed = resolve);
    this.#stopWatching = watchEnvironment(
      options.environment ?? globalThis,
      () => this.#suspend(),
      () => this.#resume(),
      () => this.#wentOffline(),
      () => this.#cameOnline()
    );
    if (options.signal?.aborted) this.close();
    else {
      options.signal?.addEventListener("abort", this.#abort);
      queueMicrotask(() => void this.#run());
    }
  }
  get state() {
    return this.#state;
  }
  get lastEventId() {
    return this.#cursor;
  }
  close() {
    this.#queue.clear();
    this.#end("closed");
  }
  reconnect() {
    if (this.#life) this.#cut(this.#life, "reconnect");
    else this.#endWait?.(true);
  }
  [Symbol.asyncIterator]() {
    this.#iterates = true;
    let last;
    return {
      next: async () => {
        if (last) last = void this.#handled(last.id);
        last = await this.#queue.take();
        return { done: !last, value: last };
      },
      return: async () => {
        this.close();
        return { done: true, value: void 0 };
      }
    };
  }
  #abort = () => this.close();
  async #run() {
    const { store } = this.#options;
    if (store && this.#after === void 0 && !this.#needsState && !this.#isClosed) {
      try {
        this.#cursor = await store.load(this.#key) || "";
      } catch {
      }
    }
    while (!this.#isClosed) {
      const life = this.#life = { controller: new AbortController(), firstByte: 0, lastByte: 0, isReading: false };
      let error;
      try {
        await this.#live(life);
        error = life.reason;
      } catch (thrown) {
        error = life.reason ?? (thrown instanceof StreamError ? thrown : new StreamError("network", void 0, { cause: thrown }));
      }
      this.#life = void 0;
      life.controller.abort();
      if (this.#isClosed) return;
      if (error?.final) return this.#end(error.code, error.status === 204 ? void 0 : error);
      await this.#pause(life, error);
    }
  }
  // Runs one connection.
  async #live(life) {
    const { signal } = life.controller;
    const options = this.#options;
    const connection = this.#connection(life);
    this.#set({ name: "connecting", transport: this.#transport.name, ...this.#state.reason && { reason: this.#state.reason } });
    if (signal.aborted) return;
    watchLife(life, this.#clock, options, () => this.#wake(), (code) => this.#cut(life, code));
    await race(this.#taken, signal);
    if (this.#needsState) await this.#loadState(life);
    if (this.#after !== void 0) connection.query.set("after", this.#after);
    else if (!this.#cursor && options.since) {
      connection.query.set("since", typeof options.since === "string" ? options.since : options.since.toISOString());
    }
    await connection.authorize().catch((cause) => {
      throw new StreamError("credentials", void 0, { cause });
    });
    await options.session?.prepare(connection);
    if (signal.aborted) return;
    await race(this.#transport.connect(connection), signal);
  }
  #connection(life) {
    const self = this;
    const options = this.#options;
    const { signal } = life.controller;
    const clock = this.#clock;
    const query = new URLSearchParams(this.#topics.map((topic) => ["topic", topic]));
    if (options.format) query.set("format", options.format);
    let headers = {};
    const connection = {
      url: this.#url,
      topics: this.#topics,
      format: options.format ?? "raw",
      via: this.#transport.name,
      owner: this,
      query,
      options,
      clock,
      signal,
      refused: this.#wasRefused,
      get lastEventId() {
        return self.#after === void 0 ? self.#cursor : "";
      },
      reading: () => {
        life.isReading = true;
        life.lastByte = clock.now();
        if (life.firstByte) this.#show(life);
      },
      received: () => {
        life.isReading = false;
        life.lastByte = clock.now();
        life.firstByte ||= life.lastByte;
      },
      message: (message, extra) => this.#message(life, message, extra),
      show: (state) => {
        if (this.#isCurrent(life)) this.#set(state);
      },
      fetch: async (url, init = {}) => {
        connection.reading();
        const own = { ...headers, ...options.session?.headers() };
        const answer = await race((options.fetch ?? globalThis.fetch)(url, {
          signal,
          credentials: options.credentials,
          // They are for this host alone, and a redirect would take them along.
          ...Object.keys(own).length && { redirect: "error" },
          ...init,
          headers: { ...own, ...init.headers }
        }), signal);
        if (!answer.redirected) options.session?.received(answer);
        checkStatus(answer, clock.now());
        return answer;
      },
      authorize: async () => {
        const { headers: given, token } = options;
        const asked = { ...typeof given === "function" ? await this.#ask(life, given) : given };
        const bearer = token && await this.#ask(life, (signal2) => token({ signal: signal2, refused: this.#wasRefused }));
        headers = bearer ? { ...asked, Authorization: `Bearer ${bearer}` } : asked;
      }
    };
    return life.connection = connection;
  }
  // Functions of the application have a time in which to answer. Their signal ends with the connection, and that with their failure.
  async #ask({ controller: { signal } }, call) {
    let timer;
    const late = new Promise((_, reject) => timer = this.#clock.setTimeout(() => reject(new StreamError("timeout")), Math.min(this.#options.callTimeout ?? 12e4, longest)));
    try {
      return await race(Promise.race([call(signal), late]), signal);
    } finally {
      this.#clock.clearTimeout(timer);
    }
  }
  // The state first, then the stream from where the log stood before: nothing falls between the two.
  async #loadState(life) {
    const { signal } = life.controller;
    let answer;
    try {
      if (this.#unhandled) await race(new Promise((resolve) => this.#onIdle = resolve), signal);
      answer = await this.#ask(life, (signal2) => this.#options.getState({ signal: signal2 }));
      if (answer && typeof answer !== "string" && !answer.ok) checkStatus(answer, this.#clock.now());
    } catch (thrown) {
      throw new StreamError("state", void 0, { cause: thrown, retryAfter: thrown.retryAfter });
    } finally {
      if (life.firstByte) life.firstByte = this.#clock.now();
    }
    const cursor = answer && typeof answer !== "string" ? answer.headers.get("Event-Cursor") : answer;
    this.#needsState = !cursor && !life.opened;
    if (!cursor || life.opened) return;
    this.#after = cursor;
    this.#cursor = "";
    this.#seen.clear();
  }
  // With the first bytes a stream may be open, or be told in band that it may not.
  #show(life) {
    if (this.#isCurrent(life) && this.#state.name === "connecting") this.#set({ name: "open", transport: life.connection.via });
  }
  #message(life, message, extra) {
    if (!this.#isCurrent(life)) return;
    const { id, type, data } = message;
    if (message.retry !== void 0) {
      this.#backoff.retry = message.retry;
      return;
    }
    if (type !== "stream.close") {
      this.#wasRefused = false;
      this.#show(life);
      if (life.openId !== void 0 && type !== "stream.open") {
        this.#move(life.openId);
        delete life.openId;
      }
      if (!this.#isCurrent(life)) return;
    }
    if (data === void 0) return this.#move(id);
    if (type.startsWith("stream.")) return this.#control(life, message);
    const isNamed = message.ownId && id;
    if (isNamed && this.#seen.has(id)) return;
    const decoded = this.#decode({ id, type, data, ...extra }, life);
    const take = (event) => {
      if (!this.#isCurrent(life)) return;
      if (isNamed) this.#seen.add(id);
      if (message.ownId) this.#follow(id);
      return this.#deliver(event, life);
    };
    return decoded instanceof Promise ? race(decoded, life.controller.signal).then(take) : take(decoded);
  }
  #decode(event, life) {
    const { decode } = this.#options;
    let decoded = event;
    for (const one of [decode ?? []].flat()) {
      decoded = decoded instanceof Promise ? decoded.then((before) => one(before, life.connection)) : one(decoded, life.connection);
    }
    return decoded;
  }
  #deliver(event, life) {
    const waits = [];
    this.#unhandled++;
    life.isReading = false;
    const answer = this.#call(this.#options.onEvent, event);
    if (this.#isClosed) return;
    if (answer instanceof Promise) waits.push(answer);
    if (this.#iterates) {
      const space = this.#queue.push(event);
      if (space) waits.push(space);
    } else if (answer instanceof Promise) {
      void answer.finally(() => this.#handled(event.id));
    } else {
      this.#handled(event.id);
    }
    if (waits.length) return race(this.#taken = Promise.all(waits), life.controller.signal);
  }
  #control(life, { type, id, data, ownId }) {
    const content = parse(data);
    if (type === "stream.open") {
      if (life.opened) return;
      life.opened = true;
      if (ownId) {
        if (content.recovered === false && (this.#cursor || this.#after)) life.openId = id;
        else this.#move(id);
      }
      this.#call(this.#options.onOpen, content);
      if (this.#needsState && this.#isCurrent(life)) return this.#loadState(life);
    } else if (type === "stream.live") {
      this.#set({ ...this.#state, name: "live" });
      if (this.#isCurrent(life)) this.#call(this.#options.onLive, content);
    } else if (type === "stream.gap") {
      if (life.lastGap === data) return;
      life.lastGap = data;
      if (ownId) this.#move(id);
      this.#needsState = !!this.#options.getState;
      this.#call(this.#options.onGap, content);
      if (this.#needsState) this.#cut(life, "gap");
    } else if (type === "stream.close") {
      life.close = { reason: String(content.reason ?? "ended"), retryMs: Number(content.retryMs) || 0 };
      this.#cut(life, life.close.reason);
    } else if (ownId) {
      this.#move(id);
    }
  }
  // A place in the log that is no event's. One that was there already is a repeat, and behind.
  #move(id) {
    const mark = " " + id;
    if ((this.#seen.has(id) || this.#seen.has(mark)) && this.#after === void 0) return;
    if (id) this.#seen.add(mark);
    this.#follow(id);
    if (!this.#unhandled) this.#save(id);
  }
  #follow(id) {
    this.#cursor = id;
    this.#after = void 0;
  }
  #handled(id) {
    this.#unhandled--;
    if (!this.#unhandled) this.#onIdle?.();
    this.#save(this.#unhandled ? id : this.#cursor);
  }
  #save(id) {
    if (id && !this.#isClosed) this.#call(() => this.#options.store?.save(this.#key, id), id);
  }
  // Decides when the next connection is made, and waits for it.
  async #pause(life, error) {
    const { token, retries = Infinity } = this.#options;
    const backoff = this.#backoff;
    const isGood = life.firstByte > 0 && this.#clock.now() - life.firstByte >= goodLife;
    const code = error?.code ?? "ended";
    const isGap = code === "gap";
    const isAsked = ["reconnect", "woken", "rejoin", "hidden"].includes(code) || isGap && !this.#hadGap;
    this.#hadGap = isGap && !isGood;
    if (isGood) backoff.failures = 0;
    else if (!isAsked) backoff.failures++;
    if (backoff.failures > retries) return this.#end(code, error);
    const isRefused = error?.status === 401 || ["unauthenticated", "revoked"].includes(life.close?.reason);
    const hasAnother = isRefused && !!token && !this.#wasRefused;
    this.#wasRefused ||= isRefused;
    const wait = isAsked || hasAnother ? { floor: 0, total: hasAnother ? this.#clock.random() * goodLife : 0 } : backoff.next(life.close?.retryMs, error?.retryAfter);
    await new Promise((resolve) => {
      const clock = this.#clock;
      const earliest = clock.now() + wait.floor;
      let timer;
      const arm = (milliseconds) => {
        clock.clearTimeout(timer);
        timer = clock.setTimeout(() => this.#endWait?.(true), milliseconds);
      };
      this.#endWait = (force) => {
        const left = earliest - clock.now();
        if (!this.#isClosed && this.#isSuspended) return;
        if (!this.#isClosed && !force && left > 0) return arm(left);
        this.#endWait = void 0;
        clock.clearTimeout(timer);
        resolve();
      };
      arm(wait.total);
      this.#set({
        name: "waiting",
        reason: this.#isSuspended ? "hidden" : this.#isOffline ? "offline" : code,
        retryAt: clock.now() + wait.total,
        ...error && { error }
      });
    });
  }
  #isCurrent(life) {
    return this.#life === life && !this.#isClosed && !life.controller.signal.aborted;
  }
  #cut(life, code) {
    life.reason ??= new StreamError(code);
    life.controller.abort(life.reason);
  }
  // The page is seen again, or the machine woke up: a connection that missed a heartbeat meanwhile is taken for dead.
  #wake() {
    const life = this.#life;
    if (!life) this.#endWait?.();
    else if (life.isReading && this.#clock.now() - life.lastByte > (this.#options.readTimeout ?? 45e3) / 2) {
      this.#cut(life, "woken");
    }
  }
  #wentOffline() {
    this.#isOffline = true;
    if (!this.#life && this.#state.name === "waiting") this.#set({ ...this.#state, reason: "offline" });
  }
  // Another network than before: whatever was open is not any more, though nothing says so.
  #cameOnline() {
    const wasOffline = this.#isOffline;
    this.#isOffline = false;
    if (wasOffline && this.#life) this.#cut(this.#life, "woken");
    else this.#wake();
  }
  // The browser keeps the page without letting it run (back-forward cache, freeze); an open connection would keep it from that.
  #suspend() {
    this.#isSuspended = true;
    if (this.#life) this.#cut(this.#life, "hidden");
  }
  #resume() {
    this.#isSuspended = false;
    this.#wake();
  }
  #end(reason, error) {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.signal?.removeEventListener("abort", this.#abort);
    this.#stopWatching();
    this.#life?.controller.abort();
    this.#endWait?.(true);
    this.#transport.release?.(this);
    this.#options.session?.release(this);
    this.#queue.end(error);
    this.#set({ name: "closed", reason, ...error && { error } }, true);
    this.#resolveClosed();
  }
  #set(state, isLast = false) {
    if (this.#isClosed && !isLast) return;
    this.#state = state;
    this.#call(this.#options.onState, state);
  }
  // What a callback throws is the application's, and said as loudly as what an event listener throws.
  #call(callback, value) {
    if (this.#isClosed && callback !== this.#options.onState) return void 0;
    try {
      const answer = callback?.(value);
      return answer instanceof Promise ? answer.catch(report) : answer;
    } catch (error) {
      report(error);
    }
    return void 0;
  }
};

// src/index.ts
function subscribe(url, options = {}) {
  return new EventSubscription(String(url), options);
}

// src/cloud-event.ts
function readCloudEvent(json) {
  const event = JSON.parse(json);
  if (typeof event?.type !== "string") throw new SyntaxError("The text is no CloudEvent.");
  const { id, type, data: _, data_base64, topic, datacontenttype, specversion: _version, ...attributes } = event;
  const isControl = String(type).startsWith("stream.");
  return {
    message: {
      type: String(type),
      data: typeof data_base64 === "string" ? `data:${String(datacontenttype ?? "application/octet-stream")};base64,${data_base64}` : rawText(json),
      id: String(id),
      // A CloudEvent must have an id; of these two it is no place in the log.
      ownId: type !== "stream.live" && type !== "stream.close"
    },
    extra: isControl ? {} : {
      ...typeof topic === "string" && { topic },
      ...typeof datacontenttype === "string" && { contentType: datacontenttype },
      attributes
    }
  };
}
function elementsOf(json) {
  const elements = [];
  JSON.parse(json);
  walk(json, (start, end) => elements.push(json.slice(start, end)));
  return elements;
}
function rawText(json) {
  let raw = "";
  walk(json, (start, end, name) => {
    if (name === "data") raw = json.slice(start, end);
  });
  return raw[0] === '"' ? JSON.parse(raw) : raw;
}
function walk(json, take) {
  const token = /"(?:[^"\\]|\\.)*"|[[\]{},:]/gs;
  let depth = 0;
  let start = 0;
  let name = "";
  let last = "";
  for (let match = token.exec(json); match; match = token.exec(json)) {
    const [text] = match;
    const outer = depth === 1;
    if (text === "{" || text === "[") {
      if (++depth === 1) start = token.lastIndex;
    } else if (text === "}" || text === "]") {
      depth--;
    }
    if (outer && text === ":") {
      name = JSON.parse(last);
      start = token.lastIndex;
    } else if (outer && text === "," || depth === 0 && outer) {
      const value = json.slice(start, match.index);
      const before = value.length - value.trimStart().length;
      if (value.trim()) take(start + before, start + before + value.trim().length, name);
      start = token.lastIndex;
    }
    last = text;
  }
}

// src/long-poll.ts
var mediaType = "application/cloudevents-batch+json";
function longPoll({ wait = 25 } = {}) {
  return {
    name: "long-poll",
    async connect(connection) {
      const { signal } = connection;
      connection.via = "long-poll";
      const query = new URLSearchParams(connection.query);
      query.delete("format");
      if (connection.lastEventId) query.set("after", connection.lastEventId);
      let cursor = connection.lastEventId;
      let isOpen = false;
      let replayed = 0;
      let isLive = false;
      while (!signal.aborted) {
        query.set("wait", String(isLive ? wait : 0));
        const response = await connection.fetch(withQuery(connection.url, query), { cache: "no-store", headers: { Accept: mediaType } });
        const events = elementsOf(await response.text()).map(readCloudEvent);
        connection.received();
        if (!isOpen) {
          const recovered = !!cursor && !events.some(({ message }) => message.type === "stream.gap");
          await connection.message({ type: "stream.open", data: JSON.stringify({ recovered }), id: "", ownId: false });
          isOpen = true;
        }
        let last = "";
        for (const { message, extra } of events) {
          await connection.message(message, extra);
          if (signal.aborted) return;
          if (message.ownId) last = message.id;
        }
        const linked = nextCursor(response.headers.get("Link"));
        const next = linked && linked !== cursor ? linked : last || cursor;
        if (events.length && next === cursor) throw new StreamError("network", "A batch leads no further: the same one would come again and again.");
        cursor = next;
        if (cursor) {
          query.delete("since");
          query.set("after", cursor);
          await connection.message({ type: "", id: cursor, ownId: true });
        }
        if (!cursor && !query.has("since") && !query.has("after")) throw new StreamError("network", "A poll leads nowhere: its header Link is missing.");
        replayed += events.length;
        if (isLive || events.length) continue;
        isLive = true;
        const data = JSON.stringify({ replayed, latest: cursor });
        await connection.message({ type: "stream.live", data, id: "", ownId: false });
      }
    }
  };
}
function nextCursor(link) {
  const target = /<([^>]*)>\s*;\s*rel="?next"?/i.exec(link ?? "")?.[1];
  return target === void 0 ? null : new URLSearchParams(target.slice(target.indexOf("?") + 1)).get("after");
}

// src/inbox.ts
var Inbox = class {
  #items = [];
  #limit;
  #handle;
  #done;
  #isRunning = false;
  #isFull = false;
  #ended;
  /** Kept when the last item was handled, or one could not be. */
  finished;
  /** @param limit More items than that are not taken: the inbox is then closed, and the sender asked again from the cursor. */
  constructor(limit3, handle) {
    this.#limit = limit3;
    this.#handle = handle;
    let done;
    this.finished = new Promise((resolve, reject) => done = (error) => error === void 0 ? resolve() : reject(error));
    this.finished.catch(() => {
    });
    this.#done = done;
  }
  /** Something was not handed on yet. */
  get isBusy() {
    return this.#isRunning || this.#items.length > 0;
  }
  /** Takes an item. @returns Whether there was room. */
  push(item) {
    if (this.#ended || this.#isFull) return false;
    if (this.#items.length >= this.#limit) {
      this.#isFull = true;
      return false;
    }
    this.#items.push(item);
    if (!this.#isRunning) void this.#run();
    return true;
  }
  /** Nothing more comes; what is there is still handed on. */
  end(error) {
    this.#ended ??= { error };
    if (!this.#isRunning) this.#done(this.#ended.error);
  }
  async #run() {
    this.#isRunning = true;
    try {
      for (let item = this.#items.shift(); item !== void 0; item = this.#items.shift()) {
        const taken = this.#handle(item);
        if (taken) await taken;
      }
      this.#isRunning = false;
      if (this.#ended) this.#done(this.#ended.error);
    } catch (error) {
      this.#ended = { error };
      this.#items.length = 0;
      this.#done(error);
    }
  }
};

// src/web-socket.ts
var limit = 1e3;
function webSocket(options = {}) {
  const open2 = options.open ?? ((url, protocol) => new WebSocket(url, protocol));
  return {
    name: "websocket",
    async connect(connection) {
      if (connection.format === "html") throw new StreamError("status", "HTML fragments come over event streams only.", { final: true });
      const { signal, lastEventId } = connection;
      connection.via = "websocket";
      const query = new URLSearchParams(connection.query);
      query.delete("format");
      if (lastEventId) query.set("after", lastEventId);
      query.set("heartbeat", "event");
      connection.reading();
      const socket = open2(withQuery(socketUrl(connection.url), query), "cloudevents.json");
      const inbox = new Inbox(limit, async (text) => {
        const { message, extra } = readCloudEvent(text);
        await connection.message(message, extra);
        connection.reading();
      });
      let opened = false;
      socket.addEventListener("open", () => opened = true);
      socket.addEventListener("message", (event) => {
        connection.received();
        if (typeof event.data !== "string") inbox.end(new StreamError("network", "The WebSocket sent something other than text."));
        else if (inbox.push(event.data)) return;
        else inbox.end(new StreamError("rejoin", "The consumer is behind; the socket is opened again from the cursor."));
        socket.close();
      });
      socket.addEventListener("error", () => inbox.end(new StreamError("network", "The WebSocket failed.")));
      socket.addEventListener("close", () => inbox.end(opened ? void 0 : new StreamError("network", "The WebSocket was refused.")));
      const abort = () => {
        inbox.end(signal.reason);
        socket.close();
      };
      signal.addEventListener("abort", abort, { once: true });
      try {
        await inbox.finished;
      } finally {
        signal.removeEventListener("abort", abort);
        socket.close();
      }
    }
  };
}
function socketUrl(url) {
  const base = globalThis.location?.href;
  const absolute = new URL(url, base);
  absolute.protocol = absolute.protocol.replace("http", "ws");
  absolute.pathname = absolute.pathname.replace(/\/?$/, "/ws");
  absolute.hash = "";
  return absolute.href;
}

// src/fallback.ts
var shortLife = 1e3;
var shortLives = 3;
function fallback(options = {}) {
  const { retryBestAfter = 6e5 } = options;
  const transports = options.transports ?? [eventStream, ...typeof WebSocket === "function" ? [webSocket()] : [], longPoll()];
  const choices = /* @__PURE__ */ new WeakMap();
  return {
    name: transports[0].name,
    async connect(connection) {
      const { clock, owner } = connection;
      const choice = choices.get(owner) ?? { index: 0, strikes: 0, tryBestAt: Infinity, patience: retryBestAfter };
      choices.set(owner, choice);
      if (clock.now() >= choice.tryBestAt) Object.assign(choice, { index: 0, strikes: 0, tryBestAt: Infinity });
      const life = watch(connection, choice.tryBestAt);
      const transport = transports[choice.index];
      connection.via = transport.name;
      let error;
      try {
        await transport.connect(life.connection);
        if (life.isOver) throw new StreamError("rejoin", "The better transport is tried again.");
      } catch (thrown) {
        error = thrown;
        throw thrown;
      } finally {
        life.end();
        if (isBroken(choice, connection, error, life)) {
          choice.index = (choice.index + 1) % transports.length;
          choice.strikes = 0;
          if (choice.tryBestAt === Infinity) {
            choice.tryBestAt = clock.now() + choice.patience;
            choice.patience = Math.min(choice.patience * 2, 24 * retryBestAfter);
          }
        }
      }
    },
    release: (owner) => {
      for (const transport of transports) transport.release?.(owner);
    }
  };
}
function watch(connection, until) {
  const { clock, signal } = connection;
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort);
  const timer = until === Infinity ? void 0 : clock.setTimeout(() => {
    life.isOver = true;
    controller.abort(new StreamError("rejoin", "The better transport is tried again."));
  }, until - clock.now());
  const life = {
    begun: clock.now(),
    hadBytes: false,
    wasTold: false,
    isOver: false,
    end() {
      signal.removeEventListener("abort", abort);
      clock.clearTimeout(timer);
    },
    connection: Object.create(connection, {
      signal: { value: controller.signal },
      via: { set: (name) => connection.via = name, get: () => connection.via },
      received: {
        value: () => {
          life.hadBytes = true;
          connection.received();
        }
      },
      message: {
        value: (...args) => {
          life.wasTold ||= args[0].type === "stream.close";
          return connection.message(...args);
        }
      }
    })
  };
  return life;
}
function isBroken(choice, { signal, clock, via }, error, life) {
  const reason = signal.aborted ? signal.reason : error;
  const code = reason instanceof StreamError ? reason.code : void 0;
  if (code === "silent") return true;
  if (life.wasTold || life.isOver || signal.aborted || code === "status") return false;
  if (clock.now() - life.begun >= shortLife) choice.strikes = 0;
  else if (life.hadBytes || code === "content-type" || error === void 0 || via === "websocket") choice.strikes++;
  return choice.strikes >= shortLives;
}

// src/leadership.ts
var Leadership = class {
  #locks;
  #name;
  #gained;
  #lost;
  #request;
  #isForbidden = false;
  /** @param gained Called when this tab leads. @param lost Called when the lead was taken from it; not when it is given up. */
  constructor(locks, name, gained, lost) {
    this.#locks = locks;
    this.#name = name;
    this.#gained = gained;
    this.#lost = lost;
  }
  get isHeld() {
    return !!this.#request?.release;
  }
  /** Stands in line, unless it does already. */
  queue() {
    if (!this.#request && !this.#isForbidden) this.#ask(false);
  }
  /** Takes the lead from a tab that no longer answers. */
  take() {
    if (this.isHeld || this.#isForbidden) return;
    this.giveUp();
    this.#ask(true);
  }
  /** Leaves the line, or gives the lead to the next. */
  giveUp() {
    const request = this.#request;
    this.#request = void 0;
    request?.release?.();
    request?.cancel.abort();
  }
  #ask(steal) {
    const request = this.#request = { cancel: new AbortController() };
    this.#locks.request(this.#name, steal ? { steal } : { signal: request.cancel.signal }, () => {
      if (this.#request !== request) return Promise.resolve();
      return new Promise((resolve) => {
        request.release = resolve;
        this.#gained();
      });
    }).catch(() => {
      if (this.#request !== request) return;
      this.#request = void 0;
      if (request.release) this.#lost();
      else this.#isForbidden = true;
    });
  }
};

// src/tab-notes.ts
function precedes(id, position) {
  const [one, other] = [id, position].map((text) => /^(.+)-(\d{1,15})$/.exec(text));
  return !!one && !!other && one[1] === other[1] && Number(one[2]) <= Number(other[2]);
}

// src/tab.ts
var limit2 = 2e3;
var remembered = 1024;
var ownTrouble = ["hidden", "gap", "state", "credentials", "unauthenticated", "revoked"];
var Tab = class {
  #inner;
  #channel;
  #leadership;
  #patience;
  #seen = new RecentIds(remembered);
  /** Where this tab's stream stands. */
  #position = "";
  /** The term of who leads, be it this tab. */
  #term;
  #run;
  #hasHeard = false;
  #disarm = () => {
  };
  constructor(inner, channel, locks, name, patience) {
    this.#inner = inner;
    this.#channel = channel;
    this.#patience = patience;
    this.#leadership = new Leadership(locks, name, () => this.#lead(), () => this.#stepDown());
    channel.addEventListener("message", ({ data }) => this.#hear(data));
  }
  async connect(connection) {
    const { signal } = connection;
    const start = connection.lastEventId || (connection.query.get("after") ?? "");
    const goesOn = start === this.#position;
    if (!goesOn) this.#seen.clear();
    this.#position = start;
    this.#disarm();
    const run = this.#run = {
      connection,
      own: new AbortController(),
      inbox: new Inbox(limit2, ({ message, extra }) => connection.message(message, extra)),
      overheard: [],
      from: "",
      isLive: false,
      isBlocked: false,
      isFollowing: false
    };
    const abort = () => this.#end(run, signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    if (this.#leadership.isHeld && !goesOn) this.#announce("lead");
    this.#leadership.queue();
    this.#post({ kind: "ask" });
    let error;
    try {
      await this.#readOwn(run);
      if (run.isFollowing) await this.#listen(run);
    } catch (thrown) {
      error = thrown;
      throw thrown;
    } finally {
      signal.removeEventListener("abort", abort);
      this.#disarm();
      this.#run = void 0;
      const { code = "network", status } = (signal.aborted ? signal.reason : error) ?? {};
      if (ownTrouble.includes(code) || status === 401) this.#resign();
      else if (this.#leadership.isHeld) {
        this.#tell({ name: "waiting", reason: code });
        this.#awaitConnect(connection);
      }
    }
  }
  // Before the next connection the subscription may wait for its state, its token or its consumer: the others do not wait for these.
  #awaitConnect({ clock, owner }) {
    const resign = () => this.#resign();
    this.#arm(clock, this.#patience, () => {
      const { name, reason = "", retryAt = 0 } = owner.state;
      const left = name === "waiting" && !ownTrouble.includes(reason) ? retryAt - clock.now() : 0;
      if (left > 0) this.#arm(clock, left + this.#patience, resign);
      else resign();
    });
  }
  close() {
    this.#disarm();
    this.#resign();
    this.#channel.close();
  }
  async #readOwn(run) {
    const { connection, own, inbox } = run;
    const message = (message2, extra) => {
      if (own.signal.aborted) return;
      this.#remember(message2);
      const isLive = message2.type === "stream.live";
      if (this.#leadership.isHeld) {
        if (!inbox.push(this.#forward(message2, extra))) this.#end(run, new StreamError("rejoin"));
        if (isLive) this.#tellLive();
        return;
      }
      const taken = connection.message(message2, extra);
      run.isLive ||= isLive;
      if (!taken) return this.#tryToFollow(run);
      run.isBlocked = true;
      return taken.finally(() => {
        run.isBlocked = false;
        this.#tryToFollow(run);
      });
    };
    const watched = Object.create(connection, {
      signal: { value: own.signal },
      message: { value: message },
      via: { set: (name) => connection.via = name, get: () => connection.via }
    });
    inbox.finished.catch((trouble) => this.#end(run, trouble));
    let error;
    try {
      await this.#inner.connect(watched);
    } catch (thrown) {
      error = thrown;
    }
    if (run.isFollowing) return;
    inbox.end(own.signal.aborted ? own.signal.reason : error);
    if (inbox.isBusy) this.#resign();
    await inbox.finished;
  }
  #arm(clock, milliseconds, callback) {
    this.#disarm();
    const timer = clock.setTimeout(callback, milliseconds);
    this.#disarm = () => clock.clearTimeout(timer);
  }
  // Listens to the leading tab, and asks whether it lives where it says nothing.
  #listen({ connection, inbox }) {
    const { clock } = connection;
    let wasAsked = false;
    const arm = (milliseconds) => {
      this.#arm(clock, milliseconds, look2);
    };
    const look2 = () => {
      if (this.#hasHeard) wasAsked = this.#hasHeard = false;
      else if (wasAsked) this.#leadership.take();
      else {
        wasAsked = true;
        this.#post({ kind: "ask" });
      }
      arm(wasAsked ? this.#patience * (1 + clock.random()) : this.#patience);
    };
    this.#hasHeard = true;
    arm(this.#patience);
    return inbox.finished;
  }
  // From here on the leader's stream is enough, if nothing can lie between the two.
  #tryToFollow(run) {
    const term = this.#term;
    if (!run.isLive || run.isBlocked || run.isFollowing || this.#run !== run || this.#leadership.isHeld || term?.state.name !== "live" || term.isOver) return;
    const meets = !!run.from && (this.#knows(run.from) || precedes(run.from, this.#position)) || run.overheard.some(({ message }) => message.ownId && this.#seen.has(message.id));
    if (!meets) return;
    run.isFollowing = true;
    run.connection.received();
    for (const told of run.overheard) this.#handOn(run, told);
    run.own.abort(new StreamError("rejoin"));
    run.connection.show({ name: "live", transport: "shared" });
  }
  #handOn(run, told) {
    if (told.message.data !== void 0 && precedes(told.message.id, this.#position)) return;
    this.#remember(told.message);
    if (!run.inbox.push(told)) this.#end(run, new StreamError("rejoin"));
  }
  #hear(note) {
    const run = this.#run;
    if (note.kind === "ask") {
      if (this.#leadership.isHeld) this.#announce("here");
      return;
    }
    if (note.kind === "lead" && this.#leadership.isHeld) {
      this.#leadership.giveUp();
      this.#stepDown();
    }
    if (this.#leadership.isHeld) return;
    if (note.kind === "lead" || note.kind === "here") this.#adopt(note, run);
    const term = this.#term;
    if (note.kind === "message" && !term) return this.#overhear(run, note);
    if (term?.id !== note.term) return;
    this.#hasHeard = true;
    if (note.kind === "message") this.#overhear(run, note);
    else if (note.kind === "bye") term.isOver = true;
    else if (note.kind === "state") {
      term.state = note.state;
      if (run?.isFollowing) run.connection.show({ ...note.state, transport: "shared" });
      else if (run) this.#tryToFollow(run);
    }
  }
  // Somebody leads, and says where.
  #adopt({ kind, term: id, count, position, state }, run) {
    const before = this.#term;
    if (before?.id === id) {
      before.state = state;
      if (before.count !== count) this.#miss(run, position);
      else if (run) run.from ||= position;
      before.count = count;
    } else if (!before || before.isOver || kind === "lead") {
      this.#term = { id, count, state };
      if (!run?.isFollowing || !this.#knows(position)) this.#miss(run, position);
      if (run?.isFollowing) run.connection.show({ ...state, transport: "shared" });
    }
    if (run && !run.isFollowing) this.#tryToFollow(run);
  }
  #overhear(run, told) {
    const term = this.#term ??= { id: told.term, count: told.count - 1, state: { name: "open" } };
    if (told.count !== term.count + 1) this.#miss(run, "");
    term.count = told.count;
    if (!run) return;
    if (run.isFollowing) return this.#handOn(run, told);
    run.overheard.push(told);
    if (run.overheard.length > remembered) {
      run.overheard.shift();
      run.from = "";
    }
  }
  // Something may lie between what this tab has and what it hears.
  #miss(run, from) {
    if (!run) return;
    if (run.isFollowing) return this.#end(run, new StreamError("rejoin"));
    run.overheard = [];
    run.from = from;
  }
  #lead() {
    const run = this.#run;
    if (run?.isBlocked) return this.#resign();
    this.#announce("lead");
    if (run?.isFollowing) this.#end(run, new StreamError("rejoin"));
    else if (run?.isLive) this.#tellLive();
  }
  #stepDown() {
    this.#term = void 0;
    if (this.#run) this.#end(this.#run, new StreamError("rejoin"));
  }
  #resign() {
    if (this.#leadership.isHeld && this.#term) this.#post({ kind: "bye", term: this.#term.id });
    if (this.#leadership.isHeld) this.#term = void 0;
    this.#leadership.giveUp();
  }
  #announce(kind) {
    if (kind === "lead" || !this.#term) this.#term = { id: crypto.randomUUID(), count: 0, state: { name: "connecting" } };
    const { id, count, state } = this.#term;
    this.#post({ kind, term: id, count, position: this.#position, state });
  }
  #forward(message, extra) {
    const term = this.#term;
    const told = { kind: "message", term: term.id, count: term.count, message, extra };
    if (message.retry !== void 0 || message.type === "stream.open" || message.type === "stream.close") return told;
    told.count = ++term.count;
    this.#post(told);
    return told;
  }
  // With its place, which it may not have known when it began to lead.
  #tellLive() {
    this.#tell({ name: "live" });
    this.#announce("here");
  }
  #tell(state) {
    if (!this.#term) return;
    this.#term.state = state;
    this.#post({ kind: "state", term: this.#term.id, state });
  }
  #remember({ retry, ownId, id }) {
    if (retry !== void 0 || !ownId) return;
    this.#seen.add(id);
    this.#position = id;
  }
  #knows(position) {
    return !!position && (position === this.#position || this.#seen.has(position));
  }
  #end(run, reason) {
    run.inbox.end(reason);
    run.own.abort(reason);
  }
  #post(note) {
    this.#channel.postMessage(note);
  }
};

// src/shared.ts
function shared(inner = eventStream, options = {}) {
  const locks = options.locks ?? globalThis.navigator?.locks;
  const channel = options.channel ?? (typeof BroadcastChannel === "function" ? (name) => new BroadcastChannel(name) : void 0);
  if (!locks || !channel) return inner;
  const tabs = /* @__PURE__ */ new WeakMap();
  return {
    name: inner.name,
    connect(connection) {
      const { owner, url, topics, format } = connection;
      let tab = tabs.get(owner);
      if (!tab) {
        const name = ["event-stream", options.name ?? "", new URL(url, globalThis.location?.href).href, format, ...topics].join(" ");
        const opened = open(channel, name);
        if (!opened) return inner.connect(connection);
        tabs.set(owner, tab = new Tab(inner, opened, locks, name, options.patience ?? 5e3));
      }
      return tab.connect(connection);
    },
    release(owner) {
      tabs.get(owner)?.close();
      tabs.delete(owner);
      inner.release?.(owner);
    }
  };
}
function open(channel, name) {
  try {
    return channel(name);
  } catch {
    return void 0;
  }
}

// src/storage.ts
var prefix = "event-cursor ";
function sessionStore() {
  return storage(() => globalThis.sessionStorage);
}
function localStore() {
  return storage(() => globalThis.localStorage);
}
function storage(get) {
  return {
    load: (key) => {
      try {
        return get().getItem(prefix + key);
      } catch {
        return null;
      }
    },
    save: (key, cursor) => {
      try {
        get().setItem(prefix + key, cursor);
      } catch {
      }
    }
  };
}

// src/words.ts
var reasons = {
  ended: "the connection ended",
  network: "the connection failed",
  silent: "nothing came through the network",
  timeout: "the connection fell silent",
  status: "the server refused the request",
  "content-type": "something on the way answered instead of the server",
  state: "the page’s state could not be loaded",
  credentials: "the credentials could not be had",
  offline: "there is no network",
  hidden: "the page was put aside",
  woken: "the device or the network came back",
  gap: "some events are missing, and the state is loaded again",
  rejoin: "it takes another way to the server",
  reconnect: "it was asked to connect anew",
  drain: "the server restarts",
  limit: "the server has too much to do",
  revoked: "the session has ended; sign in again",
  slow: "this page was too slow",
  rotate: "the connection was open for long",
  unauthenticated: "nobody is signed in",
  forbidden: "it is not allowed to read these topics",
  closed: "it was closed"
};
function describe(state, now = Date.now()) {
  const why = state.reason && (reasons[state.reason] ?? state.reason);
  switch (state.name) {
    case "connecting":
      return why ? `Connecting again: ${why}` : "Connecting";
    case "open":
      return "Connected; what was missed is coming";
    case "live":
      return "Live";
    case "waiting": {
      const seconds = Math.max(0, Math.ceil(((state.retryAt ?? now) - now) / 1e3));
      const when = state.reason === "hidden" ? "when the page is back" : seconds === 0 ? "at once" : seconds === 1 ? "in 1 second" : `in ${seconds} seconds`;
      return `Not connected: ${why ?? "the connection ended"}. Connecting again ${when}`;
    }
    default:
      return `Closed: ${why ?? "the connection ended"}`;
  }
}
export {
  EventStreamParser,
  StreamError,
  describe,
  eventStream,
  fallback,
  localStore,
  longPoll,
  sessionStore,
  shared,
  storage,
  subscribe,
  webSocket,
  withQuery
};
