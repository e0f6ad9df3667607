import { Inbox } from './inbox.js';
import { StreamError } from './index.js';
import { Leadership, type Locks } from './leadership.js';
import type { StreamMessage } from './parser.js';
import { RecentIds } from './recent-ids.js';
import { type Note, precedes, type Told } from './tab-notes.js';
import type { Clock, Connection, StreamEvent, StreamState, Subscription, Transport } from './types.js';

/** As much of a BroadcastChannel as is needed. */
export interface Channel {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { data: any }) => void): void;
  close(): void;
}

// A tab whose consumer is behind by so many messages stops listening, and reads on its own from its cursor.
const limit = 2_000;
const remembered = 1_024;

// What only this tab waits for, be it that its browser put it aside: another one leads meanwhile.
const ownTrouble = ['hidden', 'gap', 'state', 'credentials', 'unauthenticated', 'revoked'];

/** One call of the transport. */
interface Run {
  connection: Connection;
  /** Ends the tab's own connection. */
  own: AbortController;
  /** What is to be handed on: of the leader, or of this tab's own stream while it leads. */
  inbox: Inbox<Told>;
  /** The leader's last messages, without holes, that came while this tab read on its own. */
  overheard: Told[];
  /** Where the leader stood when what is overheard began, or later; empty where it is not known. All that it told since was overheard. */
  from: string;
  isLive: boolean;
  isBlocked: boolean;
  isFollowing: boolean;
}

/** One tab's part in a shared stream: on its own, listening, or leading. */
export class Tab {
  readonly #inner: Transport;
  readonly #channel: Channel;
  readonly #leadership: Leadership;
  readonly #patience: number;
  readonly #seen = new RecentIds(remembered);
  /** Where this tab's stream stands. */
  #position = '';
  /** The term of who leads, be it this tab. */
  #term: { id: string; count: number; state: StreamState; isOver?: boolean } | undefined;
  #run: Run | undefined;
  #hasHeard = false;
  #disarm = () => {};

  constructor(inner: Transport, channel: Channel, locks: Locks, name: string, patience: number) {
    this.#inner = inner;
    this.#channel = channel;
    this.#patience = patience;
    this.#leadership = new Leadership(locks, name, () => this.#lead(), () => this.#stepDown());
    channel.addEventListener('message', ({ data }) => this.#hear(data as Note));
  }

  async connect(connection: Connection): Promise<void> {
    const { signal } = connection;
    const start = connection.lastEventId || (connection.query.get('after') ?? '');
    const goesOn = start === this.#position;
    if (!goesOn) this.#seen.clear();
    this.#position = start;
    this.#disarm();
    const run: Run = (this.#run = {
      connection,
      own: new AbortController(),
      inbox: new Inbox<Told>(limit, ({ message, extra }) => connection.message(message, extra)),
      overheard: [],
      from: '',
      isLive: false,
      isBlocked: false,
      isFollowing: false,
    });
    const abort = () => this.#end(run, signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    // Those who listen have all up to the old place, and nothing of what lies between it and the new one.
    if (this.#leadership.isHeld && !goesOn) this.#announce('lead');
    this.#leadership.queue();
    this.#post({ kind: 'ask' });
    let error: unknown;
    try {
      await this.#readOwn(run);
      if (run.isFollowing) await this.#listen(run);
    } catch (thrown) {
      error = thrown;
      throw thrown;
    } finally {
      signal.removeEventListener('abort', abort);
      this.#disarm();
      this.#run = undefined;
      const { code = 'network', status } = ((signal.aborted ? signal.reason : error) ?? {}) as Partial<StreamError>;
      if (ownTrouble.includes(code) || status === 401) this.#resign();
      else if (this.#leadership.isHeld) {
        this.#tell({ name: 'waiting', reason: code });
        this.#awaitConnect(connection);
      }
    }
  }

  // Before the next connection the subscription may wait for its state, its token or its consumer: the others do not wait for these.
  #awaitConnect({ clock, owner }: Connection): void {
    const resign = () => this.#resign();
    this.#arm(clock, this.#patience, () => {
      const { name, reason = '', retryAt = 0 } = (owner as Subscription).state;
      const left = name === 'waiting' && !ownTrouble.includes(reason) ? retryAt - clock.now() : 0;
      if (left > 0) this.#arm(clock, left + this.#patience, resign);
      else resign();
    });
  }

  close(): void {
    this.#disarm();
    this.#resign();
    this.#channel.close();
  }

  async #readOwn(run: Run): Promise<void> {
    const { connection, own, inbox } = run;
    const message = (message: StreamMessage, extra?: Partial<StreamEvent>): void | Promise<void> => {
      if (own.signal.aborted) return;
      this.#remember(message);
      const isLive = message.type === 'stream.live';
      if (this.#leadership.isHeld) {
        // Who leads does not wait for its own consumer: the other tabs would wait with it.
        if (!inbox.push(this.#forward(message, extra))) this.#end(run, new StreamError('rejoin'));
        if (isLive) this.#tellLive();
        return;
      }
      const taken = connection.message(message, extra);
      run.isLive ||= isLive;
      if (!taken) return this.#tryToFollow(run);
      run.isBlocked = true;
      return taken.finally(() => {
        run.isBlocked = false;
        this.#tryToFollow(run);
      });
    };
    const watched: Connection = Object.create(connection, {
      signal: { value: own.signal },
      message: { value: message },
      via: { set: (name: string) => (connection.via = name), get: () => connection.via },
    }) as Connection;
    // What this tab cannot take ends its connection at once, as its own would; a quiet stream would not show it.
    inbox.finished.catch(trouble => this.#end(run, trouble));
    let error: unknown;
    try {
      await this.#inner.connect(watched);
    } catch (thrown) {
      error = thrown;
    }
    if (run.isFollowing) return;
    // What came is handed on first: the next connection goes on after it. Others need not wait for that.
    inbox.end(own.signal.aborted ? own.signal.reason : error);
    if (inbox.isBusy) this.#resign();
    await inbox.finished;
  }

  #arm(clock: Clock, milliseconds: number, callback: () => void): void {
    this.#disarm();
    const timer = clock.setTimeout(callback, milliseconds);
    this.#disarm = () => clock.clearTimeout(timer);
  }

  // Listens to the leading tab, and asks whether it lives where it says nothing.
  #listen({ connection, inbox }: Run): Promise<void> {
    const { clock } = connection;
    let wasAsked = false;
    const arm = (milliseconds: number) => {
      this.#arm(clock, milliseconds, look);
    };
    const look = () => {
      if (this.#hasHeard) wasAsked = this.#hasHeard = false;
      else if (wasAsked) this.#leadership.take();
      else {
        wasAsked = true;
        this.#post({ kind: 'ask' });
      }
      // At random: tabs that find out together would take the lead from each other.
      arm(wasAsked ? this.#patience * (1 + clock.random()) : this.#patience);
    };
    this.#hasHeard = true;
    arm(this.#patience);
    return inbox.finished;
  }

  // From here on the leader's stream is enough, if nothing can lie between the two.
  #tryToFollow(run: Run): void {
    const term = this.#term;
    if (!run.isLive || run.isBlocked || run.isFollowing || this.#run !== run || this.#leadership.isHeld || term?.state.name !== 'live' || term.isOver) return;
    // The leader's server may be ahead of this tab's own: what the leader told before this tab listened must have come here too.
    const meets = (!!run.from && (this.#knows(run.from) || precedes(run.from, this.#position)))
      || run.overheard.some(({ message }) => message.ownId && this.#seen.has(message.id));
    if (!meets) return;
    run.isFollowing = true;
    // Silence is judged by the leader, and the leader's life by its answers.
    run.connection.received();
    for (const told of run.overheard) this.#handOn(run, told);
    run.own.abort(new StreamError('rejoin'));
    run.connection.show({ name: 'live', transport: 'shared' });
  }

  #handOn(run: Run, told: Told): void {
    // A leader that is behind, or goes on from an older place, tells what lies before this tab's beginning.
    if (told.message.data !== undefined && precedes(told.message.id, this.#position)) return;
    this.#remember(told.message);
    if (!run.inbox.push(told)) this.#end(run, new StreamError('rejoin'));
  }

  #hear(note: Note): void {
    const run = this.#run;
    if (note.kind === 'ask') {
      if (this.#leadership.isHeld) this.#announce('here');
      return;
    }
    if (note.kind === 'lead' && this.#leadership.isHeld) {
      // This tab was frozen, and another took its place.
      this.#leadership.giveUp();
      this.#stepDown();
    }
    if (this.#leadership.isHeld) return;
    if (note.kind === 'lead' || note.kind === 'here') this.#adopt(note, run);
    const term = this.#term;
    if (note.kind === 'message' && !term) return this.#overhear(run, note);
    // An old leader that woke up may still speak.
    if (term?.id !== note.term) return;
    this.#hasHeard = true;
    if (note.kind === 'message') this.#overhear(run, note);
    else if (note.kind === 'bye') term.isOver = true;
    else if (note.kind === 'state') {
      term.state = note.state;
      if (run?.isFollowing) run.connection.show({ ...note.state, transport: 'shared' });
      else if (run) this.#tryToFollow(run);
    }
  }

  // Somebody leads, and says where.
  #adopt({ kind, term: id, count, position, state }: Note & { kind: 'lead' | 'here' }, run: Run | undefined): void {
    const before = this.#term;
    if (before?.id === id) {
      before.state = state;
      if (before.count !== count) this.#miss(run, position);
      else if (run) run.from ||= position;
      before.count = count;
    } else if (!before || before.isOver || kind === 'lead') {
      this.#term = { id, count, state };
      if (!run?.isFollowing || !this.#knows(position)) this.#miss(run, position);
      if (run?.isFollowing) run.connection.show({ ...state, transport: 'shared' });
    }
    if (run && !run.isFollowing) this.#tryToFollow(run);
  }

  #overhear(run: Run | undefined, told: Told): void {
    const term = (this.#term ??= { id: told.term, count: told.count - 1, state: { name: 'open' } });
    if (told.count !== term.count + 1) this.#miss(run, '');
    term.count = told.count;
    if (!run) return;
    if (run.isFollowing) return this.#handOn(run, told);
    run.overheard.push(told);
    if (run.overheard.length > remembered) {
      run.overheard.shift();
      run.from = '';
    }
  }

  // Something may lie between what this tab has and what it hears.
  #miss(run: Run | undefined, from: string): void {
    if (!run) return;
    if (run.isFollowing) return this.#end(run, new StreamError('rejoin'));
    run.overheard = [];
    run.from = from;
  }

  #lead(): void {
    const run = this.#run;
    // A tab whose consumer is behind would keep the others waiting.
    if (run?.isBlocked) return this.#resign();
    this.#announce('lead');
    if (run?.isFollowing) this.#end(run, new StreamError('rejoin'));
    else if (run?.isLive) this.#tellLive();
  }

  #stepDown(): void {
    this.#term = undefined;
    if (this.#run) this.#end(this.#run, new StreamError('rejoin'));
  }

  #resign(): void {
    if (this.#leadership.isHeld && this.#term) this.#post({ kind: 'bye', term: this.#term.id });
    if (this.#leadership.isHeld) this.#term = undefined;
    this.#leadership.giveUp();
  }

  #announce(kind: 'lead' | 'here'): void {
    if (kind === 'lead' || !this.#term) this.#term = { id: crypto.randomUUID(), count: 0, state: { name: 'connecting' } };
    const { id, count, state } = this.#term;
    this.#post({ kind, term: id, count, position: this.#position, state });
  }

  #forward(message: StreamMessage, extra: Partial<StreamEvent> | undefined): Told {
    const term = this.#term!;
    const told: Told = { kind: 'message', term: term.id, count: term.count, message, extra };
    // These are of one connection alone.
    if (message.retry !== undefined || message.type === 'stream.open' || message.type === 'stream.close') return told;
    told.count = ++term.count;
    this.#post(told);
    return told;
  }

  // With its place, which it may not have known when it began to lead.
  #tellLive(): void {
    this.#tell({ name: 'live' });
    this.#announce('here');
  }

  #tell(state: StreamState): void {
    if (!this.#term) return;
    this.#term.state = state;
    this.#post({ kind: 'state', term: this.#term.id, state });
  }

  #remember({ retry, ownId, id }: StreamMessage): void {
    if (retry !== undefined || !ownId) return;
    this.#seen.add(id);
    this.#position = id;
  }

  #knows(position: string | undefined): boolean {
    return !!position && (position === this.#position || this.#seen.has(position));
  }

  #end(run: Run, reason: unknown): void {
    run.inbox.end(reason);
    run.own.abort(reason);
  }

  #post(note: Note): void {
    this.#channel.postMessage(note);
  }
}
