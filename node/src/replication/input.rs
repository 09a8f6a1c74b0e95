//! The closed list of everything that can wake the hub, and everything the hub can ask its driver to do.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use branchmesh_model::command::{Caller, Command, Done, Rejection};
use branchmesh_model::event::EventDraft;
use branchmesh_model::ids::{CounterNo, DeviceId, TicketId};
use branchmesh_model::schema::Role;
use branchmesh_model::steward::Packet;
use branchmesh_model::time::UnixMs;
use branchmesh_model::visit::Visit;

use super::enrol::JoinRequest;
use super::frame::{Frame, Hello};
use super::hub::HandOver;
use crate::handle::InvitationText;
use crate::storage::StoreOp;

/// The two clocks of an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds that only grow; all waiting is measured with it.
    pub mono_ms: u64,
    /// What the device's wall clock says; only ever shown.
    pub wall: UnixMs,
}

/// Names the caller that waits for a reply; drawn by the driver.
pub type ReplyId = u64;

/// Everything that can wake the hub.
#[derive(Debug)]
pub enum Input {
    /// About every 100 ms.
    Tick,
    /// Nothing came for a moment: time for what can wait.
    Quiet,
    /// What waits for a quiet moment or for the next commit is to be on disk now.
    Settle,
    /// A connection is up and both sides have said hello.
    PeerUp {
        /// The peer.
        peer: DeviceId,
        /// What it said.
        hello: Hello,
        /// Where it was reached.
        address: Option<SocketAddr>,
    },
    /// The connection is gone.
    PeerDown {
        /// The peer.
        peer: DeviceId,
    },
    /// A frame from a connected peer.
    Frame {
        /// The peer.
        peer: DeviceId,
        /// What it sent.
        frame: Frame,
    },
    /// A peer sent bytes that are no frame, or a stranger was turned away: counted.
    Refused {
        /// The name it is counted under.
        count_name: &'static str,
    },
    /// Two machines use the identity of one device.
    RunsTwice {
        /// The device: a peer, or this one.
        device: DeviceId,
        /// Who noticed.
        told_by: DeviceId,
    },
    /// Where a device was found by mDNS or on a connection.
    AddressLearnt {
        /// The device.
        device: DeviceId,
        /// Its addresses.
        addresses: Vec<SocketAddr>,
    },
    /// A command from this node's API.
    Command {
        /// Who waits.
        reply: ReplyId,
        /// The command.
        command: Box<Command>,
    },
    /// A person takes the queue over.
    TakeOver {
        /// Who waits.
        reply: ReplyId,
        /// Who asks.
        caller: Caller,
        /// Why.
        reason: String,
    },
    /// Make an invitation.
    Invite {
        /// Who waits.
        reply: ReplyId,
        /// What is invited.
        role: Role,
        /// Its name.
        name: String,
        /// The counter it will stand at.
        counter: Option<CounterNo>,
        /// How long it is valid.
        ttl: Duration,
        /// Drawn at random by the driver: the proof the new device must show.
        secret: [u8; 16],
        /// Where this device can be reached.
        addresses: Vec<SocketAddr>,
    },
    /// A device asks to join.
    Join {
        /// Who waits.
        reply: ReplyId,
        /// The device, proven by its connection.
        device: DeviceId,
        /// What it shows.
        request: JoinRequest,
    },
    /// A stewardship packet of this node to itself, after what preceded it was durable.
    OwnPacket(Packet),
    /// A customer told who they are when taking a ticket.
    HandOver {
        /// Who waits.
        reply: ReplyId,
        /// What was told.
        what: Box<HandOver>,
    },
    /// Who is the customer behind a ticket?
    ReadVisit {
        /// Who waits.
        reply: ReplyId,
        /// The ticket, and those it replaced, newest first.
        tickets: Vec<TicketId>,
    },
    /// A device was just enrolled and what it needs is durable: welcome it.
    Welcome {
        /// Who waits.
        reply: ReplyId,
        /// The device.
        device: DeviceId,
    },
    /// This node is about to stop: say goodbye.
    Leave,
}

/// Makes one frame of the changes that a peer sent in several: an automerge document takes many at once much faster than one by
/// one. Only a node that is behind gets several together, so it catches up.
pub fn coalesced(inputs: impl IntoIterator<Item = Input>) -> Vec<Input> {
    let mut coalesced: Vec<Input> = Vec::new();
    let mut open: BTreeMap<DeviceId, usize> = BTreeMap::new();
    for input in inputs {
        match input {
            Input::Frame { peer, frame: Frame::Live(envelopes) } => match open.get(&peer).map(|at| &mut coalesced[*at])
            {
                Some(Input::Frame { frame: Frame::Live(before), .. }) => before.extend(envelopes),
                _ => {
                    open.insert(peer, coalesced.len());
                    coalesced.push(Input::Frame { peer, frame: Frame::Live(envelopes) });
                }
            },
            other => {
                if let Input::PeerUp { peer, .. } | Input::PeerDown { peer } = &other {
                    open.remove(peer);
                }
                coalesced.push(other);
            }
        }
    }
    coalesced
}

/// A reply to somebody who waits; given only after everything before it is durable.
#[derive(Debug)]
pub enum Reply {
    /// To [`Input::Command`].
    Command(Result<Done, Rejection>),
    /// To [`Input::TakeOver`].
    TakeOver(Result<(), Rejection>),
    /// To [`Input::Invite`].
    Invited(Result<InvitationText, Rejection>),
    /// To [`Input::HandOver`].
    HandedOver(Result<(), Rejection>),
    /// To [`Input::ReadVisit`].
    Visit(Option<Visit>),
    /// To [`Input::Join`]: bytes for the new device.
    Joined(Vec<u8>),
}

/// What the driver must do, in this order: commit, publish, send, answer.
#[derive(Default, Debug)]
pub struct Effects {
    /// One durable transaction.
    pub store: Vec<StoreOp>,
    /// Whether a new snapshot is to be published.
    pub publish: bool,
    /// Events that the snapshot shows for the first time.
    pub events: Vec<EventDraft>,
    /// Frames, in order.
    pub send: Vec<Outgoing>,
    /// Answers.
    pub replies: Vec<(ReplyId, Reply)>,
    /// Inputs to be handled next, once this is durable.
    pub again: Vec<Input>,
    /// The devices that may connect, if that changed.
    pub allowed: Option<BTreeSet<DeviceId>>,
    /// Whether strangers may knock with an invitation, if that changed.
    pub joinable: Option<bool>,
    /// Addresses worth trying.
    pub learn: Vec<(DeviceId, Vec<SocketAddr>)>,
    /// A failure after which the node must stop: what it holds in memory is no longer what it has on disk.
    pub fatal: Option<String>,
}

/// A frame for a connected peer.
#[derive(Debug)]
pub struct Outgoing {
    /// The peer.
    pub to: DeviceId,
    /// The frame.
    pub frame: Frame,
    /// Whether it may wait behind everything else.
    pub bulk: bool,
}

#[cfg(test)]
mod tests {
    use branchmesh_model::schema::DocId;

    use super::*;
    use crate::replication::envelope::Envelope;

    fn live(from: u8, n: u64) -> Input {
        let author = DeviceId([from; 32]);
        let (actor, change, signature) = (vec![from; 16], vec![], vec![]);
        let envelope = Envelope { doc: DocId::config(), author, n, actor, seq: n, change, signature };
        Input::Frame { peer: author, frame: Frame::Live(vec![envelope]) }
    }

    /// What each input is: whose changes, by their numbers, or another thing.
    fn told(inputs: &[Input]) -> Vec<(u8, Vec<u64>)> {
        let of = |input: &Input| match input {
            Input::Frame { peer, frame: Frame::Live(envelopes) } => {
                (peer.0[0], envelopes.iter().map(|e| e.n).collect())
            }
            _ => (0, vec![]),
        };
        inputs.iter().map(of).collect()
    }

    #[test]
    fn changes_of_a_peer_come_together_in_their_order_but_not_over_the_end_of_a_connection() {
        let down = Input::PeerDown { peer: DeviceId([1; 32]) };
        let inputs = [live(1, 1), live(2, 1), Input::Tick, live(1, 2), down, live(2, 2), live(1, 3)];
        let coalesced = coalesced(inputs);
        assert_eq!(told(&coalesced), [(1, vec![1, 2]), (2, vec![1, 2]), (0, vec![]), (0, vec![]), (1, vec![3])]);
    }
}
