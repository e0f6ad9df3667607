import { subscribe } from '../clients/eventsource-client.js';
import { matrix } from '../support/matrix.js';

matrix({ name: 'eventsource-client', subscribe });
