import assert from 'node:assert/strict';
import { Agent, getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import { subscribe } from '../clients/undici-fetch.js';
import { until } from '../support/inbox.js';
import { matrix } from '../support/matrix.js';
import { Proxy } from '../support/proxy.js';

matrix({
  name: 'undici-fetch',
  subscribe,
  besides: {
    // undici cuts a body of which nothing came for five minutes. Here it is two and a half seconds.
    async 'heartbeats outlive its body timeout'(t, { api, subscribe: begin }) {
      const before = getGlobalDispatcher();
      const agent = new Agent({ bodyTimeout: 2_500 });
      setGlobalDispatcher(agent);
      t.after(() => {
        setGlobalDispatcher(before);
        return agent.destroy();
      });
      const proxy = await new Proxy(api).start();
      t.after(() => proxy.dispose());
      await begin(proxy.url, 'topic=quiet');

      const began = proxy.chunks;
      await until(() => proxy.chunks >= began + 5, 'five heartbeats', proxy);

      assert.equal(proxy.connections, 1);
    },
  },
});
