import { subscribe } from '../clients/undici-eventsource.js';
import { matrix } from '../support/matrix.js';

matrix({ name: 'undici-eventsource', subscribe, givesUp: true });
