// The page's own model: what shape.js makes of the answers of the API. Times are milliseconds since 1970.

export type Text = { zh: string; en: string };
export type Range = { low: number; high: number };
export type TicketState =
  'waiting' | 'called' | 'serving' | 'no_show' | 'parked' | 'served' | 'moved' | 'abandoned' | 'expired';
export type Service = { id: string; prefix: string; name?: Text; enabled: boolean };
export type CounterPlace = { number: number; name?: Text };
export type Device = { id: string; name: string; role: string; counter?: number };
export type Branch = {
  name: string; date: string; services: Service[]; counters: CounterPlace[]; device: Device;
  outcomes: string[]; pauseReasons: string[];
};
export type Ticket = {
  id: string; number: string; service: string; state: TicketState; issuedAt: number; calledAt?: number;
  startedAt?: number; finishedAt?: number; counter?: number; forCounter?: number; staff?: string; calls: number;
  ahead?: number; estimate?: Range; overridden: boolean;
};
export type Counter = {
  number: number; name?: Text; state: 'open' | 'closed' | 'paused'; reason?: string; staff?: string;
};
export type Queue = { service: string; waiting: number; longestMs?: number; estimate?: Range };
export type Conflict = { id: string; ticket: string; number: string; calls: { counter: number; at?: number; reason?: string }[] };
export type Snapshot = {
  revision: string; at: number; open: boolean; branch: Branch; mesh: Mesh | null; tickets: Ticket[]; counters: Counter[];
  queues: Queue[]; conflicts: Conflict[];
};
export type Peer = { id: string; name: string; role: string; state: string; together: boolean; rttMs?: number; behind?: number };
export type Mesh = {
  group: number; total: number; epoch?: string; steward?: string; lane?: string; takenOver: boolean; peers: Peer[];
  documents?: number; storedBytes?: number; foreignWaiting: number;
};
export type Session = { id: string; name: string; roles: string[] };
export type Problem = { status: number; slug: string; title: string; detail: string; field?: string };
export type Answer<T> = { ok: true; status: number; body: T } | { ok: false; problem: Problem };
export type Dialog =
  | { kind: 'sign-in' } | { kind: 'take-over' } | { kind: 'pause' | 'finish'; counter: number; ticket?: string }
  | { kind: 'abandon' | 'move' | 'transfer' | 'park'; ticket: string }
  | { kind: 'override'; ticket: string; counter: number; detail: string };
export type State = {
  language: string; theme: string; now: number; offset: number; link: 'loading' | 'live' | 'lost'; seenAt: number;
  branch: Branch | null; snapshot: Snapshot | null; mesh: Mesh | null; session: Session | null; counter: number | null;
  filter: { state: string; service: string }; busy: Record<string, string>; problems: Record<string, Problem>;
  slip: Ticket | null; dialog: Dialog | null; draft: Record<string, string>; toast: { text: string; at: number } | null;
  said: string;
};
