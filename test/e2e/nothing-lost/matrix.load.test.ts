import { everyCase, SETTINGS, testMatrix } from './matrix.ts';

/** Every row, dialect, endpoint and odd input under every setting: about 120,000 requests, of which `npm test` asks a part. */
testMatrix(SETTINGS, everyCase);
