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
/** How the kiosk behaves, as the branch configured it. */
export type Kiosk = {
  idleMs: number; resultMs: number; warnMs: number; askIdentity: boolean; askPhone: boolean; closed?: Text;
};
export type Branch = {
  name: string; date: string; languages: string[]; services: Service[]; queues: Named[]; counters: CounterPlace[];
  hours: { weekday: number; opens: string; closes: string }[]; quietHours: number[]; timeZone: string; groups: Named[]; kiosk?: Kiosk; serviceLevelMs: number; device: Device;
  outcomes: string[]; pauseReasons: string[]; theme?: string; screens: Screen[]; ticker: (Text | undefined)[];
  voice: Voice | null;
};
/** What a wall or window screen shows when nothing is called. */
export type Screen = { address: number; kind: 'window' | 'composite'; counters: number[]; idleText?: Text };
/** How calls are spoken; volume and rate are shares of the usual. */
export type Voice = { on: boolean; volume: number; rate: number; repeats: number; languages: string[]; gapMs: number };
export type Ticket = {
  id: string; number: string; service: string; category?: string; state: TicketState; issuedAt: number; calledAt?: number;
  startedAt?: number; finishedAt?: number; counter?: number; forCounter?: number; forStaff?: string; staff?: string;
  calls: number; parent?: string; movedTo?: string; language?: string; outcome?: string; reason?: string; rating?: number;
  ahead?: number; estimate?: Range; identified: boolean; overridden: boolean; foreign: boolean; epoch?: string; conflict?: string;
  statusToken?: string; statusUrl?: string; printing?: boolean;
};
/** What a customer is told of the own ticket. */
export type Told = {
  branch: string; number: string; state: TicketState; service: Text; issuedAt: number; counter?: number; ahead?: number; estimate?: Range;
};
export type Counter = {
  number: number; name?: Text; zone?: string; state: 'open' | 'closed' | 'paused'; profile?: string; services?: string[];
  reason?: string; staff?: string; since?: number;
};
export type Queue = {
  service: string; queue: string; waiting: number; longestMs?: number; estimate?: Range; openCounters: number;
};
/** A device's ticket printer. */
export type Printer = { device: string; name: string; state: 'ok' | 'paper_low' | 'paper_out' | 'failed' | 'offline'; since?: number };
export type Conflict = {
  id: string; ticket: string; number: string; calls: { counter: number; at?: number; reason?: string }[];
  acknowledged?: { staff?: string; at?: number };
};
/** Something staff should see to: a call for help, a long wait, a printer. */
export type Reminder = {
  id: string; kind: 'assistance' | 'over_wait' | 'printer'; at: number; device: string; counter?: number; reason?: string;
  ticket?: string; state?: string; acknowledged?: { staff?: string; at: number };
};
export type Settings = { reminderMin: number; sound: boolean; theme: string; language: string };
export type Snapshot = {
  revision: string; at: number; scope: 'staff' | 'device' | 'public'; open: boolean; session: Session | null; colleagues: Record<string, string>; branch: Branch; mesh: Mesh | null;
  settings: Settings | null; tickets: Ticket[]; counters: Counter[]; queues: Queue[]; printers: Printer[]; conflicts: Conflict[]; reminders: Reminder[];
};
export type Peer = {
  id: string; name: string; role: string; state: string; together: boolean; rttMs?: number; behind?: number;
  skewMs?: number; seenAt?: number; address?: string; queued: number; runsTwice: boolean;
};
export type Mesh = {
  device: Device;
  group: number; total: number; epoch?: string; steward?: string; stewardId?: string; members: string[]; lane?: string;
  takenOver: boolean; runsTwice: boolean; peers: Peer[]; documents?: number; lag: number; anomalies: number; storedBytes?: number;
  foreignWaiting: number;
};
export type Session = { id: string; name: string; roles: string[] };
export type Problem = {
  status: number; slug: string; title: string; detail: string; field?: string; retryAfterS?: number; until?: number;
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
