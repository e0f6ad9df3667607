import '../support/page.js';
import { subscribe } from '../clients/fetch-event-source.js';
import { matrix } from '../support/matrix.js';

const because = 'It joins lines only when the first of them is not empty.';

matrix({
  name: 'fetch-event-source',
  subscribe,
  takesIdEarly: true,
  reads: {
    'lf-first': { data: 'one', because },
    'lf-alone': { data: '', because },
    'bom-first': { data: 'one', because: 'It decodes each line by itself, so that a byte order mark is gone wherever a line begins with it.' },
  },
});
