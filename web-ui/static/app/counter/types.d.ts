// What the counter screen keeps beside the shared state.
import type { State as Shared, Ticket } from '../core/types.js';
import type { Keymap } from './keymap.js';

export type Profile = {
  id: string; name?: { zh: string; en: string }; agingMs: number;
  queues: { queue: string; priority: number; afterWaitMs: number }[];
};
/** Who the customer is, as far as this person may see. */
export type Visit = { name?: string; identity?: string; phone?: string; customer?: string; staff?: string };
export type Happening = { what: string; effective: boolean; at?: number; staff?: string; counter?: number; note?: string };
export type Detail = { id: string; visit: Visit | null; history: Happening[] };
export type State = Shared & {
  tab: 'mine' | 'all' | 'no_show' | 'parked';
  /** What is searched for; null while nothing is. */
  search: string | null;
  /** The ticket somebody looks at; null shows the one in service. */
  picked: string | null;
  detail: Detail | null;
  profiles: Profile[] | null;
  keys: Keymap;
};
export type { Ticket };
