// @ts-check
// The kiosk page.
import { boot } from '../core/boot.js';
import { createKioskActs } from './acts.js';
import { attend } from './attend.js';
import { Page } from './page.js';
import { first, reduce } from './state.js';

boot({ screen: 'kiosk', Page, first, reduce, acts: createKioskActs, started: attend });
