//! The smallest desk that can be wrong: it issues numbers and grants tickets, each again only after its release.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::super::{Desk, Lane, Refused, Request, Right};
use crate::ids::{RecordId, VoterId};

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Ask {
    Issue,
    Call,
}

/// `lane` is none for the main lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Entry {
    Issue { day: u32, lane: Option<VoterId>, count: u32 },
    Grant { day: u32, ticket: RecordId, turn: u32, forced: bool },
}

impl Entry {
    pub(super) fn bytes(&self) -> Vec<u8> {
        postcard::to_stdvec(self).unwrap()
    }

    pub(super) fn read(body: &[u8]) -> Self {
        postcard::from_bytes(body).unwrap()
    }

    /// The day its number or its ticket belongs to.
    pub(super) fn day(&self) -> u32 {
        match self {
            Self::Issue { day, .. } | Self::Grant { day, .. } => *day,
        }
    }
}

#[derive(Default)]
struct Ticket {
    day: u32,
    turns: u32,
    forced: bool,
    grants: BTreeSet<RecordId>,
}

pub(super) struct ToyDesk {
    me: VoterId,
    /// Released grants, as far as this node knows; spread by the world.
    pub(super) released: BTreeSet<RecordId>,
    tickets: BTreeMap<RecordId, Ticket>,
    /// Today; told by the world.
    pub(super) today: u32,
    main: BTreeMap<u32, u32>,
    side: BTreeMap<u32, u32>,
}

impl ToyDesk {
    pub(super) fn new(me: VoterId, today: u32, released: BTreeSet<RecordId>) -> Self {
        Self { me, released, tickets: BTreeMap::new(), today, main: BTreeMap::new(), side: BTreeMap::new() }
    }

    pub(super) fn holds(&self, ticket: &RecordId) -> bool {
        self.tickets.get(ticket).is_some_and(|ticket| !ticket.forced)
    }

    /// Tickets that may be granted here and now.
    pub(super) fn callable(&self) -> impl Iterator<Item = RecordId> {
        let free = |ticket: &Ticket| !ticket.forced && ticket.grants.iter().all(|grant| self.released.contains(grant));
        self.tickets.iter().filter(move |(_, ticket)| free(ticket)).map(|(id, _)| *id)
    }

    pub(super) fn any_forced(&self) -> bool {
        self.tickets.values().any(|ticket| ticket.forced)
    }
}

impl Desk for ToyDesk {
    fn reset(&mut self) {
        *self = Self::new(self.me, self.today, std::mem::take(&mut self.released));
    }

    fn fold_own(&mut self, body: &[u8]) {
        if let Entry::Issue { day, lane: Some(_), count } = Entry::read(body) {
            let last = self.side.entry(day).or_default();
            *last = count.max(*last);
        }
    }

    fn fold(&mut self, id: RecordId, body: &[u8], right: Right) {
        match Entry::read(body) {
            Entry::Issue { day, lane, count } => {
                let new = Ticket { day, forced: true, ..Ticket::default() };
                let ticket = self.tickets.entry(id).or_insert(new);
                if right == Right::Held {
                    ticket.forced = false;
                    if lane.is_none() {
                        let last = self.main.entry(day).or_default();
                        *last = count.max(*last);
                    }
                }
            }
            Entry::Grant { day, ticket, turn, .. } => {
                let new = Ticket { day, forced: true, ..Ticket::default() };
                let ticket = self.tickets.entry(ticket).or_insert(new);
                ticket.turns = ticket.turns.max(turn + 1);
                ticket.grants.insert(id);
            }
        }
    }

    fn decide(&mut self, request: &Request, lane: Lane) -> Result<Vec<u8>, Refused> {
        let ask: Ask = postcard::from_bytes(&request.body).unwrap();
        let entry = match (ask, lane) {
            (Ask::Issue, Lane::Main) => {
                let count = self.main.get(&self.today).map_or(1, |last| last + 1);
                Entry::Issue { day: self.today, lane: None, count }
            }
            (Ask::Issue, Lane::Side) => {
                let count = self.side.get(&self.today).map_or(1, |last| last + 1);
                Entry::Issue { day: self.today, lane: Some(self.me), count }
            }
            (Ask::Call, _) => {
                let free =
                    |t: &Ticket| t.day == self.today && t.grants.iter().all(|grant| self.released.contains(grant));
                let ticket = self.tickets.iter().find(|(_, ticket)| free(ticket));
                let nobody_waits = Refused { body: Vec::new(), lacks_rights: true };
                let (id, ticket) = ticket.ok_or(nobody_waits)?;
                Entry::Grant { day: ticket.day, ticket: *id, turn: ticket.turns, forced: ticket.forced }
            }
        };
        Ok(entry.bytes())
    }
}
