/** The example built with the mouse. */
import { builds } from './support/build.mjs';
import { mouse } from './support/hands.mjs';

builds('the mouse', mouse);
