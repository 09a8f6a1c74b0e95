//! What day it is, by the clocks that are believed; and what begins and ends with a day.

use branchmesh_model::command::{Ask, Guarded};
use branchmesh_model::decide::{self, Context};
use branchmesh_model::ids::{CommandId, RecordKey};
use branchmesh_model::schema::DocId;
use branchmesh_model::ticket::Entry;
use branchmesh_model::time::{BusinessDate, UnixMs, business_date};
use branchmesh_model::view::BranchView;
use jiff::ToSpan;
use jiff::tz::TimeZone;

use super::{Hub, fold_document};
use crate::replication::documents::Documents;
use crate::replication::input::{Effects, Now};
use crate::storage::{Store, StoreError};

/// How often logs and views of past days are let go, seconds.
pub(super) const OLD_DAYS_EVERY_S: u64 = 300;

/// Business days kept in the view besides today's.
const DAYS_SHOWN: i8 = 1;

/// A clock that differs from its peers' by more than this is not asked what day it is, milliseconds.
const TRUSTED_SKEW_MS: i64 = 60_000;

/// A clock that is further behind a time that is over has stopped, milliseconds.
const STOPPED_MS: i64 = 24 * 3_600_000;

/// A branch is hardly closed for longer, days: a device that is alone and whose clock says so is not believed.
const LONGEST_CLOSURE_DAYS: i64 = 31;

/// Meta row of the time when others last agreed what day it is.
const LAST_AGREED: &str = "last_agreed";

impl Hub {
    /// The newest business day of which a steward has decided anything and that is not closed; else the clock's. Days far
    /// ahead were made by a device whose clock was wrong, and are nobody's today.
    pub fn date(&self, now: Now) -> BusinessDate {
        let by_clock = self.date_by_clock(now);
        let credible = self.view.days().range(..=by_clock.saturating_add(1.day()));
        match credible.rev().find(|(_, day)| !day.tickets.is_empty() || day.closed) {
            Some((date, day)) if !day.closed => *date,
            Some((date, _)) if by_clock <= *date => date.saturating_add(1.day()),
            _ => by_clock,
        }
    }

    /// The business day of the clocks that are believed.
    fn date_by_clock(&self, now: Now) -> BusinessDate {
        self.date_of(self.agreed_wall(now))
    }

    pub(super) fn date_of(&self, wall: UnixMs) -> BusinessDate {
        business_date(wall, &self.context.zone, self.view.config().branch.cut_off)
    }

    /// This device's clock, unless most of the devices heard since the start disagree with it: then theirs. Of two that
    /// disagree the earlier counts, since closing a day too early would throw people out of the queue. A clock that shows a
    /// time from before the last day that was agreed upon, or from before this device was enrolled, has stopped in between
    /// and is not asked, unless everybody's does.
    pub(super) fn agreed_wall(&self, now: Now) -> UnixMs {
        let mono = i64::try_from(now.mono_ms).unwrap_or(i64::MAX);
        let own = now.wall.0.saturating_sub(mono);
        let mut all: Vec<i64> = self.clocks_of_others().chain([own]).collect();
        all.sort_unstable();
        let earliest = self.earliest();
        let stopped = all.iter().filter(|clock| clock.saturating_add(mono) < earliest.0 - STOPPED_MS).count();
        if stopped == all.len() && all.len() == 1 && self.has_fellows() {
            return earliest;
        }
        let credible = if stopped == all.len() { &all[..] } else { &all[stopped..] };
        let skew = credible[(credible.len() - 1) / 2].saturating_sub(own);
        if skew.abs() <= TRUSTED_SKEW_MS { now.wall } else { UnixMs(now.wall.0.saturating_add(skew)) }
    }

    /// The clocks heard of devices of the branch, of which there are none while the roster is not (again) here.
    fn clocks_of_others(&self) -> impl Iterator<Item = i64> {
        self.clocks.iter().filter(|(id, _)| self.role_of(id).is_some()).map(|(_, clock)| *clock)
    }

    /// A time that is over.
    fn earliest(&self) -> UnixMs {
        let enrolled = self.view.roster().devices.get(&self.signer.device).map_or(UnixMs(0), |d| d.enrolment.at);
        enrolled.max(self.last_agreed)
    }

    /// Whether the branch has other devices, whose clocks can be heard.
    fn has_fellows(&self) -> bool {
        self.view.roster().devices.values().filter(|d| d.revoked.is_none()).count() > 1
    }

    /// Shows the days that a believed change of date brings back into sight.
    pub(super) fn follow_the_date(&mut self, now: Now, fx: &mut Effects) -> Result<(), StoreError> {
        let today = self.date_by_clock(now);
        if self.agreed_on != Some(today) && self.clocks_of_others().next().is_some() {
            self.agreed_on = Some(today);
            self.remember_the_time(now, fx);
        }
        if std::mem::replace(&mut self.today, today) != today {
            // What came together with this change of date is to be seen too.
            self.documents.settle(&mut fx.store);
            self.show_days(fx)?;
        }
        Ok(())
    }

    /// Shows the days that came into sight since the last time and no others: the date is another one, or the first documents
    /// of a day came.
    pub(super) fn show_days(&mut self, fx: &mut Effects) -> Result<(), StoreError> {
        let oldest = self.oldest_day_shown();
        let before = std::mem::replace(&mut self.shown_from, oldest);
        if oldest > before {
            self.drop_old_days();
        }
        let new = shown_documents(&self.documents, oldest).filter(|(_, date)| *date < before);
        let new: Vec<DocId> = new.map(|(doc, _)| doc.clone()).collect();
        for doc in &new {
            fold_document(&mut self.documents, &mut self.view, doc)?;
        }
        let ahead = self.show_ahead_of(|doc| doc.date().is_some_and(|date| (oldest..before).contains(&date)));
        if ahead || !new.is_empty() {
            fx.publish = true;
            fx.events.extend(self.view.refresh());
        }
        Ok(())
    }

    /// Remembers across starts what time it was when a day began that others agree upon.
    fn remember_the_time(&mut self, now: Now, fx: &mut Effects) {
        self.last_agreed = self.agreed_wall(now);
        self.remember(LAST_AGREED.into(), Some(self.last_agreed.0.to_be_bytes().to_vec()), fx);
    }

    /// The oldest business day in the view.
    pub(super) fn oldest_day_shown(&self) -> BusinessDate {
        oldest_shown(&self.documents, self.today)
    }

    /// The steward closes the business days that are over, and begins a new log for the new one.
    pub(super) fn turn_the_day(&mut self, now: Now, fx: &mut Effects) {
        if !self.machine.is_active() {
            return;
        }
        let wall = self.agreed_wall(now);
        let today = self.date_by_clock(now);
        if let Some(date) = decide::day_close_due(&self.view, &self.book, wall, &self.context) {
            if !self.doubts_its_clock(date, today) {
                self.close_day(now, date, fx);
            }
            return;
        }
        if self.closing_day.take().is_some() && self.rolled_for != Some(today) {
            self.rolled_for = Some(today);
            self.machine.roll(now.mono_ms);
        }
    }

    /// Whether this device's clock alone would end a day of long ago: it may be a year off, and nobody contradicts.
    fn doubts_its_clock(&self, date: BusinessDate, today: BusinessDate) -> bool {
        self.has_fellows()
            && self.clocks_of_others().next().is_none()
            && today > date.saturating_add(LONGEST_CLOSURE_DAYS.days())
    }

    fn close_day(&mut self, now: Now, date: BusinessDate, fx: &mut Effects) {
        self.closing_day = Some(date);
        let id = CommandId::try_from(format!("close-day/{date}")).expect("short plain text is a valid command id");
        let command = self.own_command(id, Ask::Guarded(Guarded::CloseDay { date }));
        self.guarded(now, None, command, fx);
    }

    /// Lets the logs and views of days go that nobody will decide about any more; their documents stay. A device that should
    /// hear other clocks and hears none lets nothing go that would not come back: its own may be a year ahead.
    pub(super) fn let_old_days_go(&mut self, now: Now, fx: &mut Effects) {
        if self.has_fellows() && self.clocks_of_others().next().is_none() {
            return;
        }
        let oldest = self.oldest_day_shown();
        let floor = self.machine.safe_floor(|body| match serde_json::from_slice::<Entry>(body) {
            Ok(entry) => entry.act.dates(RecordKey([0; 10])).any(|date| date >= oldest),
            Err(_) => true,
        });
        let output = self.machine.prune(floor);
        self.absorb(now, output, fx);
        self.book.drop_before(oldest);
        self.drop_old_days();
    }

    /// Lets the views of days go that are not shown any more. The steward's book keeps them: the date that is believed may
    /// be another one again in a moment.
    fn drop_old_days(&mut self) {
        let oldest = self.oldest_day_shown();
        let past: Vec<BusinessDate> = self.view.days().range(..oldest).map(|(date, _)| *date).collect();
        for date in past {
            self.view.drop_day(date);
        }
    }
}

/// When others last agreed what day it is, as remembered by a process before.
pub(super) fn last_agreed(store: &Store) -> Result<UnixMs, StoreError> {
    let at = store.meta(LAST_AGREED)?.and_then(|at| at.try_into().ok()).map(i64::from_be_bytes);
    Ok(UnixMs(at.unwrap_or(0)))
}

/// The branch's time zone, or the device's where the configuration names none.
pub(super) fn context_of(view: &BranchView, device_zone: &TimeZone) -> Context {
    let named = &view.config().branch.time_zone;
    let zone = if named.is_empty() { None } else { TimeZone::get(named).ok() };
    Context { zone: zone.unwrap_or_else(|| device_zone.clone()) }
}

/// The queue documents of the days that are shown, with their days.
pub(super) fn shown_documents(
    documents: &Documents,
    oldest: BusinessDate,
) -> impl Iterator<Item = (&DocId, BusinessDate)> {
    queue_documents(documents).filter(move |(_, date)| *date >= oldest)
}

/// The day before the newest one held that can be true, and not later than yesterday.
pub(super) fn oldest_shown(documents: &Documents, today: BusinessDate) -> BusinessDate {
    let newest = queue_documents(documents).rev().map(|(_, date)| date).find(|date| *date <= today);
    newest.unwrap_or(today).saturating_sub(i64::from(DAYS_SHOWN).days())
}

/// The queue documents held, in the order of their days, which is that of their names.
pub(super) fn queue_documents(documents: &Documents) -> impl DoubleEndedIterator<Item = (&DocId, BusinessDate)> {
    let (first, end) = DocId::queue_names();
    documents.held().range(first..end).filter_map(|(doc, _)| doc.date().map(|date| (doc, date)))
}
