// The page's own model: what shape.js makes of the answers of the API. Times are milliseconds since 1970.

export type Text = { zh: string; en: string };
export type Range = { low: number; high: number };
export type TicketState =
  'waiting' | 'called' | 'serving' | 'no_show' | 'parked' | 'served' | 'moved' | 'abandoned' | 'expired';
export type Named = { id: string; name?: Text };
export type Service = {
  id: string; prefix: string; name?: Text; queue: string; group?: string; categories: Named[]; enabled: boolean;
};
export type CounterPlace = { number: number; name?: Text; zone?: string };
export type Device = { id: string; name: string; role: string; counter?: number };
export type Branch = {
  name: string; date: string; languages: string[]; services: Service[]; queues: Named[]; counters: CounterPlace[];
  hours: { weekday: number; opens: string; closes: string }[]; serviceLevelMs: number; device: Device;
  outcomes: string[]; pauseReasons: string[];
};
export type Ticket = {
  id: string; number: string; service: string; category?: string; state: TicketState; issuedAt: number; calledAt?: number;
  startedAt?: number; finishedAt?: number; counter?: number; forCounter?: number; forStaff?: string; staff?: string;
  calls: number; parent?: string; movedTo?: string; language?: string; outcome?: string; reason?: string; rating?: number;
  ahead?: number; estimate?: Range; identified: boolean; overridden: boolean; epoch?: string; conflict?: string;
  statusToken?: string;
};
export type Counter = {
  number: number; name?: Text; zone?: string; state: 'open' | 'closed' | 'paused'; profile?: string; services?: string[];
  reason?: string; staff?: string; since?: number;
};
export type Queue = {
  service: string; queue: string; waiting: number; longestMs?: number; estimate?: Range; openCounters: number;
};
export type Conflict = { id: string; ticket: string; number: string; calls: { counter: number; at?: number; reason?: string }[] };
export type Settings = { reminderMin: number; sound: boolean; theme: string; language: string };
export type Snapshot = {
  revision: string; at: number; scope: 'staff' | 'device' | 'public'; open: boolean; session: Session | null; branch: Branch; mesh: Mesh | null;
  settings: Settings | null; tickets: Ticket[]; counters: Counter[]; queues: Queue[]; conflicts: Conflict[];
};
export type Peer = {
  id: string; name: string; role: string; state: string; together: boolean; rttMs?: number; behind?: number;
  skewMs?: number; seenAt?: number; address?: string;
};
export type Mesh = {
  group: number; total: number; epoch?: string; steward?: string; stewardId?: string; members: string[]; lane?: string;
  takenOver: boolean; peers: Peer[]; documents?: number; lag: number; anomalies: number; storedBytes?: number;
  foreignWaiting: number;
};
export type Session = { id: string; name: string; roles: string[] };
export type Problem = {
  status: number; slug: string; title: string; detail: string; field?: string; retryAfterS?: number;
};
export type Answer<T> = { ok: true; status: number; body: T } | { ok: false; problem: Problem };
/** A command that waits for the node; `refused` once the node said no. */
export type Unsent = {
  key: string; verb: string; path: string; body: object; staff?: string; subject: string; at: number; refused?: string;
};
/** A question on the screen; `kind` names its form, the rest is the form's own. */
export type Dialog = { kind: string; [more: string]: any };
/** What every screen's state holds; a screen adds its own parts. */
export type State = {
  screen: string; language: string; theme: string; contrast: 'more' | 'normal'; now: number; offset: number;
  link: 'loading' | 'live' | 'lost'; seenAt: number; branch: Branch | null; snapshot: Snapshot | null; mesh: Mesh | null;
  session: Session | null; settings: Settings | null; counter: number | null; busy: Record<string, string>;
  problems: Record<string, Problem>; dialog: Dialog | null; draft: Record<string, string>;
  toast: { text: string; at: number } | null; said: string; outbox: Unsent[];
};
