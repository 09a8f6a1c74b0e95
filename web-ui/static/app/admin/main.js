// @ts-check
import { boot } from '../core/boot.js';
import { Page } from './page.js';

await boot({ screen: 'admin', Page });
