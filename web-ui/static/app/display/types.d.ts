// What a display keeps beside the shared state.
import type { State as Shared } from '../core/types.js';

export type State = Shared & {
  /** The counter of a window screen; null on a composite one. */
  window: number | null;
  /** The address it was set up under, where one is given. */
  address: number | null;
  /** The browser holds sound back until somebody touches the page. */
  blocked: boolean;
  /** When the last news of other devices came, while none can come. */
  cutSince: number | null;
};
