import { describe, fallback, shared, subscribe } from './lib/event-stream.js';

const at = id => document.getElementById(id);
const labels = ['No.', 'Customer', 'Item', 'Quantity', 'Taken at'];
const goneFor = 3000;
let stream = follow();
let back;
let counting;

/** Shows the orders that there are, and then each that comes. `from` goes on behind an event that was shown already. */
function follow(from) {
  return subscribe('/events', {
    topics: 'orders/**',
    // All tabs share one connection, over whatever the network lets through.
    transport: shared(fallback()),
    // The state first, then the stream from where the log stood before: nothing falls between the two. Again after a gap.
    async getState({ signal }) {
      if (from) {
        const cursor = from;
        from = undefined;
        return cursor;
      }
      const response = await fetch('/orders', { signal });
      if (response.ok) for (const order of await response.json()) showOrder(order, false);
      return response;
    },
    onEvent(event) {
      at('last-id').textContent = event.id;
      if (event.type === 'order.created') showOrder(JSON.parse(event.data), true);
    },
    onOpen(open) {
      at('recovered').textContent = open.recovered ? 'yes' : 'no';
      at('session').textContent = open.session;
    },
    onLive(live) {
      at('replayed').textContent = live.replayed;
    },
    onGap(gap) {
      at('gap').textContent = `${gap.reason}: after ${gap.after ?? 'an unknown id'}, on from ${gap.next}`;
    },
    onState: show,
  });
}

// Says what the connection does and why, and counts down to the next one.
function show(state) {
  clearInterval(counting);
  at('state').dataset.state = state.name;
  at('state').textContent = at('said').textContent = describe(state);
  if (state.transport) at('transport').textContent = state.transport;
  if (state.retryAt) counting = setInterval(() => (at('state').textContent = describe(state)), 1000);
}

// What a lost network does, for trying it out: the page goes on behind the last event that it has seen.
at('cut').addEventListener('click', () => {
  const seen = stream.lastEventId;
  stream.close();
  clearTimeout(back);
  show({ name: 'waiting', reason: 'network', retryAt: Date.now() + goneFor });
  back = setTimeout(() => (stream = follow(seen)), goneFor);
});

// Shows an order in its place, the newest first. The state may hold what an event tells again: an order is shown once.
function showOrder(order, live) {
  const rows = at('orders');
  if (rows.querySelector(`[data-id="${order.id}"]`)) return;
  const row = document.createElement('tr');
  row.dataset.id = order.id;
  row.classList.toggle('live', live);
  const values = [order.id, order.customer, order.item, order.quantity, new Date(order.createdAt).toLocaleTimeString()];
  values.forEach((value, column) => {
    const cell = row.insertCell();
    // Text, never markup: a customer may be called <script>.
    cell.textContent = value;
    cell.dataset.label = labels[column];
  });
  const below = [...rows.rows].find(other => Number(other.dataset.id) < order.id);
  rows.insertBefore(row, below ?? null);
  at('empty').hidden = true;
}

// What could not be placed stays in the form, and is sent again as the same request: it counts once.
let unsent;
at('new-order').addEventListener('submit', async event => {
  event.preventDefault();
  const data = new FormData(event.target);
  const body = JSON.stringify({ customer: data.get('customer'), item: data.get('item'), quantity: Number(data.get('quantity')) });
  // Another order is another request.
  if (unsent?.body !== body) unsent = { body, key: newKey() };
  const { key } = unsent;
  at('order').disabled = true;
  try {
    at('problem').textContent = await place(body, key);
  } catch {
    at('problem').textContent = 'The server cannot be reached. The order stays here: send it again, it counts once.';
  } finally {
    at('order').disabled = false;
  }
  if (!at('problem').textContent) unsent = undefined;
  at('order').textContent = unsent ? 'Send again' : 'Order';
});

/** @returns {Promise<string>} why the order was not placed; empty if it was. */
async function place(body, key) {
  const response = await fetch('/orders', { method: 'POST', headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key }, body });
  if (response.ok) return '';
  const answer = await response.json().catch(() => ({}));
  return Object.values(answer.errors ?? {}).flat().join(' ') || answer.detail || answer.title || `The server answered ${response.status}.`;
}

// crypto.randomUUID is there over HTTPS and on this machine only.
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('');
}

at('origin').textContent = location.origin;
