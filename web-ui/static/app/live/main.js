// @ts-check
import { boot } from '../core/boot.js';
import { createActs } from './acts.js';
import { listenToKeys } from './keys.js';
import { Page } from './page.js';
import { first, reduce } from './state.js';

await boot({ screen: 'live', Page, first, reduce, acts: createActs, sayCalls: true, started: ({ store, acts }) => listenToKeys(store, acts) });
