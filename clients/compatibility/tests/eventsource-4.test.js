import { subscribe } from '../clients/eventsource.js';
import { matrix } from '../support/matrix.js';

matrix({ name: 'eventsource-4', subscribe, givesUp: true });
