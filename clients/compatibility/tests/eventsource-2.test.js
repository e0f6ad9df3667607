import { subscribe } from '../clients/eventsource-2.js';
import { matrix } from '../support/matrix.js';

matrix({ name: 'eventsource-2', subscribe, takesIdEarly: true });
