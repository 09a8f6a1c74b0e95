// What the live page keeps beside the shared state.
import type { State, Ticket } from '../core/types.js';

export type LiveState = State & { filter: { state: string; service: string }; slip: Ticket | null };
