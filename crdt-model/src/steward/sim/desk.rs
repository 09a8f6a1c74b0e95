//! The smallest desk that can be wrong: it issues numbers and grants tickets, each again only after its release.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::super::{Desk, Lane, Request, Right};
use crate::ids::{RecordId, VoterId};

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Ask {
    Issue,
    Call,
}

/// `lane` is none for the main lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Entry {
    Issue { lane: Option<VoterId>, count: u32 },
    Grant { ticket: RecordId, turn: u32, forced: bool },
}

impl Entry {
    pub(super) fn bytes(&self) -> Vec<u8> {
        postcard::to_stdvec(self).unwrap()
    }

    pub(super) fn read(body: &[u8]) -> Self {
        postcard::from_bytes(body).unwrap()
    }
}

#[derive(Default)]
struct Ticket {
    turns: u32,
    forced: bool,
    grants: BTreeSet<RecordId>,
}

pub(super) struct ToyDesk {
    me: VoterId,
    /// Released grants, as far as this node knows; spread by the world.
    pub(super) released: BTreeSet<RecordId>,
    tickets: BTreeMap<RecordId, Ticket>,
    main: u32,
    side: u32,
}

impl ToyDesk {
    pub(super) fn new(me: VoterId, released: BTreeSet<RecordId>) -> Self {
        Self { me, released, tickets: BTreeMap::new(), main: 0, side: 0 }
    }

    pub(super) fn holds(&self, ticket: &RecordId) -> bool {
        self.tickets.get(ticket).is_some_and(|ticket| !ticket.forced)
    }

    pub(super) fn any_forced(&self) -> bool {
        self.tickets.values().any(|ticket| ticket.forced)
    }
}

impl Desk for ToyDesk {
    fn reset(&mut self) {
        *self = Self::new(self.me, std::mem::take(&mut self.released));
    }

    fn fold_own(&mut self, body: &[u8]) {
        if let Entry::Issue { lane: Some(_), count } = Entry::read(body) {
            self.side = self.side.max(count);
        }
    }

    fn fold(&mut self, id: RecordId, body: &[u8], right: Right) {
        match Entry::read(body) {
            Entry::Issue { lane, count } => {
                let new = Ticket { forced: true, ..Ticket::default() };
                let ticket = self.tickets.entry(id).or_insert(new);
                if right == Right::Held {
                    ticket.forced = false;
                    if lane.is_none() {
                        self.main = self.main.max(count);
                    }
                }
            }
            Entry::Grant { ticket, turn, .. } => {
                let new = Ticket { forced: true, ..Ticket::default() };
                let ticket = self.tickets.entry(ticket).or_insert(new);
                ticket.turns = ticket.turns.max(turn + 1);
                ticket.grants.insert(id);
            }
        }
    }

    fn decide(&mut self, request: &Request, lane: Lane) -> Result<Vec<u8>, Vec<u8>> {
        let ask: Ask = postcard::from_bytes(&request.body).unwrap();
        let entry = match (ask, lane) {
            (Ask::Issue, Lane::Main) => Entry::Issue { lane: None, count: self.main + 1 },
            (Ask::Issue, Lane::Side) => Entry::Issue { lane: Some(self.me), count: self.side + 1 },
            (Ask::Call, _) => {
                let free = |ticket: &Ticket| ticket.grants.iter().all(|grant| self.released.contains(grant));
                let (id, ticket) = self.tickets.iter().find(|(_, ticket)| free(ticket)).ok_or(Vec::new())?;
                Entry::Grant { ticket: *id, turn: ticket.turns, forced: ticket.forced }
            }
        };
        Ok(entry.bytes())
    }
}
