/** The example built with the keyboard alone. */
import { builds } from './support/build.mjs';
import { keyboard } from './support/hands.mjs';

builds('the keyboard alone', keyboard);
