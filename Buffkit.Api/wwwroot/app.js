const topics = 'orders/**';
const at = id => document.getElementById(id);
const orders = new Map();
let source;
let last;

function show(state) {
  at('state').textContent = state;
  at('state').dataset.state = state;
}

// The state first, then the stream from where the log stood before: nothing falls between the two.
async function start() {
  show('connecting');
  connect(last ?? await load());
}

// A native EventSource reconnects by itself, with its last id. The page only listens.
function connect(after) {
  const resumes = Boolean(last);
  const query = new URLSearchParams({ topic: topics, ...(after && { after }) });
  source = new EventSource(`/events?${query}`);

  let opened = 0;
  on('stream.open', open => {
    at('recovered').textContent = open.recovered ? 'yes' : 'no';
    at('session').textContent = open.session;
    show(open.recovered && (resumes || opened++ > 0) ? 'recovered' : 'open');
  });
  // The page is up to date: it has all that there was when the stream began.
  on('stream.live', live => { at('replayed').textContent = live.replayed; });
  on('stream.gap', async gap => {
    at('gap').textContent = `${gap.reason}: after ${gap.after ?? 'an unknown id'}, on from ${gap.next}`;
    show('gap');
    await load();
  });
  on('stream.close', close => show(`closed (${close.reason}), back in ${Math.ceil(close.retryMs / 1000)} s`));
  on('order.created', order => add(order, true));
  source.onerror = () => {
    show('reconnecting');
    // After an error status a native EventSource gives up; go on where it stood.
    if (source.readyState === EventSource.CLOSED) setTimeout(start, 3000);
  };
}

function on(type, handle) {
  source.addEventListener(type, event => {
    last = event.lastEventId;
    at('last-id').textContent = last;
    handle(JSON.parse(event.data));
  });
}

// Shows the newest orders; the answer says from where to go on with the stream.
async function load() {
  const response = await fetch('/orders').catch(() => null);
  if (!response?.ok) return null;
  for (const order of (await response.json()).reverse()) add(order, false);
  return response.headers.get('Event-Cursor');
}

// Delivery is at least once: an order that is already there is not shown again.
function add(order, live) {
  if (orders.has(order.id)) return;
  orders.set(order.id, order);
  const row = document.createElement('tr');
  row.dataset.id = order.id;
  row.classList.toggle('live', live);
  for (const value of [order.id, order.customer, order.item, order.quantity, new Date(order.createdAt).toLocaleTimeString()]) {
    row.insertCell().textContent = value;
  }
  const below = [...at('orders').rows].find(other => Number(other.dataset.id) < order.id);
  at('orders').insertBefore(row, below ?? null);
  at('empty').hidden = true;
}

at('new-order').addEventListener('submit', async event => {
  event.preventDefault();
  const form = new FormData(event.target);
  const response = await fetch('/orders', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ customer: form.get('customer'), item: form.get('item'), quantity: Number(form.get('quantity')) }),
  });
  const problem = response.ok ? null : await response.json();
  at('problem').textContent = problem ? Object.values(problem.errors ?? {}).flat().join(' ') || problem.detail || problem.title : '';
});

// What a lost network does, for trying it out: the page goes on from the last id it has seen.
at('cut').addEventListener('click', () => {
  source.close();
  show('cut');
  setTimeout(start, 3000);
});

at('origin').textContent = location.origin;
start();
