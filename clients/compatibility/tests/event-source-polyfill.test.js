import { subscribe } from '../clients/event-source-polyfill.js';
import { matrix } from '../support/matrix.js';

matrix({
  name: 'event-source-polyfill',
  subscribe,
  givesUp: true,
  // It waits for a second at least before it comes back.
  cuts: 4,
});
