// @ts-check
// Short words where there is little room.
import { t } from '../core/i18n.js';

/** From here on hours are easier to grasp than minutes. */
const LONG = 100;

/** A wait or a service time in the fewest words. @param {number} ms */
export function brief(ms) {
  const whole = Math.floor(Math.max(0, ms) / 60_000);
  if (whole < 1) return t('lobby.brief.now');
  if (whole < LONG) return t('lobby.brief.minutes', { n: whole });
  return t('lobby.brief.hours', { h: Math.floor(whole / 60), m: whole % 60 });
}
