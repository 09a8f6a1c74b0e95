// @ts-check
// The rating pad at a counter.
import { boot } from '../core/boot.js';
import { createRatingActs, happened, heed } from './attend.js';
import { Page } from './page.js';
import { first, reduce } from './state.js';

await boot({ screen: 'rating', Page, first, reduce, happened, acts: createRatingActs, started: heed });
