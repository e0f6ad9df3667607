import { subscribe } from '../clients/eventsource-3.js';
import { matrix } from '../support/matrix.js';

matrix({ name: 'eventsource-3', subscribe, givesUp: true });
