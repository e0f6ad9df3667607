import { subscribe } from '../clients/reconnecting-eventsource.js';
import { matrix } from '../support/matrix.js';

matrix({ name: 'reconnecting-eventsource', subscribe });
