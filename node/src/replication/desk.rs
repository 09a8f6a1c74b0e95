//! The steward's desk: answers the stewardship machine's questions with the ticket rules.

use branchmesh_model::command::{Command, Rejection};
use branchmesh_model::decide::{self, Book, Context};
use branchmesh_model::ids::RecordId;
use branchmesh_model::steward::{Desk, Lane, Refused, Request, Right};
use branchmesh_model::ticket::Entry;
use branchmesh_model::time::UnixMs;
use branchmesh_model::view::BranchView;
use serde::{Deserialize, Serialize};

/// Why the steward did not append; travels as the body of a refusal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Refusal {
    /// The rules refused.
    Rejected(Rejection),
    /// Nobody waits for this counter.
    NobodyWaits,
}

/// Borrowed from the hub for the length of one call.
pub struct TicketDesk<'a> {
    /// The fold of the active epoch's log.
    pub book: &'a mut Book,
    /// The branch as it is seen here.
    pub view: &'a BranchView,
    /// Letters of this voter's side lane.
    pub side_lane: &'a str,
    /// The steward's clock, for times people read and for the business date.
    pub wall: UnixMs,
    /// Zone of the branch.
    pub context: &'a Context,
}

impl TicketDesk<'_> {
    fn answer(&mut self, request: &Request, lane: Lane) -> Result<Entry, Refusal> {
        let unreadable = || Refusal::Rejected(Rejection::invalid("command", "the steward runs another version"));
        let mut command: Command = serde_json::from_slice(&request.body).map_err(|_| unreadable())?;
        if command.caller.device != request.client.device {
            let detail = "a device asks for nobody but itself".into();
            return Err(Refusal::Rejected(Rejection::NotPermitted { detail }));
        }
        // The device that asks has checked the sign-in; which rights come with it is read here.
        if let Some(staff) = command.caller.staff.as_ref().and_then(|id| self.view.config().staff.get(id)) {
            command.caller.roles.clone_from(&staff.roles);
        }
        let lane = match lane {
            Lane::Main => "",
            Lane::Side => self.side_lane,
        };
        match decide::guarded(self.view, self.book, lane, &command, self.wall, self.context) {
            Ok(Some(entry)) => Ok(entry),
            Ok(None) => Err(Refusal::NobodyWaits),
            Err(rejection) => Err(Refusal::Rejected(rejection)),
        }
    }
}

impl Desk for TicketDesk<'_> {
    fn reset(&mut self) {
        *self.book = Book::default();
    }

    fn fold(&mut self, id: RecordId, body: &[u8], right: Right) {
        if let Ok(entry) = serde_json::from_slice(body) {
            self.book.fold(id, &entry, right == Right::Forced);
        }
    }

    fn fold_own(&mut self, body: &[u8]) {
        if let Ok(entry) = serde_json::from_slice(body) {
            self.book.fold_own(&entry);
        }
    }

    fn decide(&mut self, request: &Request, lane: Lane) -> Result<Vec<u8>, Refused> {
        match self.answer(request, lane) {
            Ok(entry) => Ok(encode(&entry)),
            Err(refusal) => {
                use Refusal::{NobodyWaits, Rejected};
                let lacks_rights = matches!(refusal, NobodyWaits | Rejected(Rejection::NoAuthority { .. }));
                Err(Refused { body: encode(&refusal), lacks_rights })
            }
        }
    }
}

/// JSON, the same bytes for the same value everywhere.
pub fn encode(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("plain data with text keys is always JSON")
}
