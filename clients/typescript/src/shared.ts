import { eventStream } from './index.js';
import type { Locks } from './leadership.js';
import { type Channel, Tab } from './tab.js';
import type { Transport } from './types.js';

export type { Channel, Locks };

export interface SharedOptions {
  /** Which tabs share: those of the same name, URL, topics and format. Name the user where tabs of one origin may belong to several. */
  name?: string;
  /** Milliseconds without a word after which the leading tab is asked, and after once or twice as many more replaced. Default 5,000. */
  patience?: number;
  locks?: Locks;
  channel?: (name: string) => Channel;
}

/**
 * One connection for all tabs of a browser. Each tab begins with a connection of its own, from its own cursor; when that is up to
 * date, the tab listens to the leading one instead. Without a secure context, and so without Web Locks, each tab keeps its own.
 */
export function shared(inner: Transport = eventStream, options: SharedOptions = {}): Transport {
  const locks = options.locks ?? (globalThis.navigator as { locks?: Locks } | undefined)?.locks;
  const channel = options.channel ?? (typeof BroadcastChannel === 'function' ? (name: string): Channel => new BroadcastChannel(name) : undefined);
  if (!locks || !channel) return inner;
  const tabs = new WeakMap<object, Tab>();
  return {
    name: inner.name,
    connect(connection) {
      const { owner, url, topics, format } = connection;
      let tab = tabs.get(owner);
      if (!tab) {
        const name = ['event-stream', options.name ?? '', new URL(url, (globalThis as { location?: Location }).location?.href).href, format, ...topics].join(' ');
        const opened = open(channel, name);
        if (!opened) return inner.connect(connection);
        tabs.set(owner, (tab = new Tab(inner, opened, locks, name, options.patience ?? 5_000)));
      }
      return tab.connect(connection);
    },
    release(owner) {
      tabs.get(owner)?.close();
      tabs.delete(owner);
      inner.release?.(owner);
    },
  };
}

// A document in a sandbox may not have one.
function open(channel: (name: string) => Channel, name: string): Channel | undefined {
  try {
    return channel(name);
  } catch {
    return undefined;
  }
}
