// @ts-check
// A customer's own ticket on a phone.
import { boot } from '../core/boot.js';
import { t } from '../core/i18n.js';
import { createStatusActs, heed } from './attend.js';
import { Page } from './page.js';
import { createPoll } from './poll.js';
import { first, reduce } from './state.js';

const title = (/** @type {any} */ state) => (state.told ? t('page.title', { screen: state.told.number, branch: state.told.branch }) : t('screen.status'));

await boot({ screen: 'status', Page, first, reduce, title, feed: createPoll, acts: createStatusActs, started: heed, ready: (state) => state.told || state.missing || state.link === 'lost' });
