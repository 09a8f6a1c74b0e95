//! What no frame may carry and no disk may hold.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use branchmesh_model::document::Actor;
use branchmesh_model::ids::{DeviceId, EpochId, RecordId};
use branchmesh_model::schema::{DocId, Role};
use branchmesh_model::steward::{Durable, Epoch, Held, Message, Op, Record};
use branchmesh_node::replication::documents::Documents;
use branchmesh_node::replication::envelope::Envelope;
use branchmesh_node::replication::frame::{Frame, Versions};

use super::liar::MARK;
use super::member::{Member, Process};

/// Remembers what was sent.
#[derive(Default)]
pub struct Audit {
    /// The digest of the change at each (document, actor, sequence).
    places: BTreeMap<(DocId, Vec<u8>, u64), u64>,
    /// Envelopes that really were on the network, for replays.
    pub genuine: Vec<Envelope>,
    /// Frames of each kind that were sent, where somebody wants them.
    kept: Option<BTreeMap<&'static str, Vec<Frame>>>,
}

/// Frames of each kind that are kept.
const KEPT: usize = 60;

impl Audit {
    /// From now on keeps some frames of each kind.
    pub fn keep_frames(&mut self) {
        self.kept = Some(BTreeMap::new());
    }

    /// The frames that were kept.
    pub fn kept_frames(&self) -> Vec<Frame> {
        self.kept.iter().flat_map(BTreeMap::values).flatten().cloned().collect()
    }

    fn keep(&mut self, frame: &Frame) {
        if let Some(kept) = &mut self.kept {
            let of_kind = kept.entry(kind(frame)).or_default();
            if of_kind.len() < KEPT {
                of_kind.push(frame.clone());
            }
        }
    }

    /// Looks into a frame on its way to a device of `role`; what is wrong with it, if anything is.
    pub fn frame(&mut self, role: Role, frame: &Frame) -> Option<String> {
        self.keep(frame);
        let leak = |doc: &DocId| (!doc.family().may_hold(role)).then(|| format!("{doc} is sent to a {role}"));
        match frame {
            Frame::Live(envelopes) | Frame::Repair(envelopes) => {
                envelopes.iter().find_map(|e| leak(&e.doc).or_else(|| self.used_twice(e)))
            }
            Frame::Items(items) => items.docs.iter().find_map(|(doc, _)| leak(doc)),
            Frame::Want(wanted) => wanted.iter().find_map(|(doc, _)| leak(doc)),
            Frame::Ranges(ranges) => ranges.iter().find_map(|r| r.span.from.parse().ok().as_ref().and_then(leak)),
            Frame::Parcel(p) if p.sealed.is_empty() => Some("an empty parcel".into()),
            Frame::Parcel(_) | Frame::ParcelTaken { .. } => None,
            Frame::Steward(_) | Frame::Summary { .. } | Frame::Addresses(_) => None,
        }
    }

    fn used_twice(&mut self, envelope: &Envelope) -> Option<String> {
        let mut hasher = DefaultHasher::new();
        envelope.change.hash(&mut hasher);
        let digest = hasher.finish();
        let place = (envelope.doc.clone(), envelope.actor.clone(), envelope.seq);
        let known = *self.places.entry(place).or_insert_with(|| {
            self.genuine.push(envelope.clone());
            digest
        });
        (known != digest).then(|| format!("(actor, {}) of {} is used twice", envelope.seq, envelope.doc))
    }

    /// Looks into the documents a running device has on disk; `told` are the keys that must end some fact there.
    pub fn disk(&self, member: &Member, told: &BTreeSet<String>) -> Vec<String> {
        let Some(process) = &member.process else { return vec![] };
        let mut documents =
            Documents::open(process.store.clone(), Actor::new(&member.device, [9; 8])).expect("a running store");
        let held: Vec<DocId> = documents.held().keys().cloned().collect();
        let mut wrong: Vec<String> = Vec::new();
        let mut lacking = told.clone();
        for doc in &held {
            if !doc.family().may_hold(member.role) {
                wrong.push(format!("{} holds {doc}", member.name));
            }
            for (key, _) in documents.facts(doc).expect("a running store") {
                if key.contains(MARK) {
                    wrong.push(format!("{} holds a lie: {key} in {doc}", member.name));
                }
                if let Some((_, digest)) = key.rsplit_once(':') {
                    lacking.remove(digest);
                }
            }
        }
        wrong.extend(lacking.iter().map(|digest| format!("{} lost an acknowledged fact {digest}", member.name)));
        wrong
    }
}

/// What a frame that a device sends claims of its disk and is not on it.
pub fn overstated(device: DeviceId, process: &Process, frame: &Frame) -> Option<String> {
    let rows = &process.steward_rows;
    let packet = match frame {
        Frame::Steward(packet) if packet.src.device == device => packet,
        Frame::Live(envelopes) => {
            let is_stored = |e: &&Envelope| process.stored.contains(&(e.doc.clone(), e.actor.clone(), e.seq));
            let early = envelopes.iter().find(|envelope| !is_stored(envelope))?;
            return Some(format!("passes on change {} of {}, which is not on disk", early.seq, early.doc));
        }
        Frame::Want(wanted) => {
            return wanted.iter().find_map(|(doc, versions)| overclaimed(device, process, doc, versions));
        }
        _ => return None,
    };
    let key_of = |op: Op| op.rows().swap_remove(0).0;
    match &*packet.message {
        Message::Ack { epoch, len, .. } if *len > 0 => {
            let place = RecordId { epoch: *epoch, index: *len };
            let row = key_of(Op::Push(place, Record::Force { epoch: *epoch, len: 0 }));
            let known = rows.contains_key(&key_of(Op::Epoch(Epoch { id: *epoch, members: Arc::default() })));
            // Of an epoch that is over nothing is kept, and nobody counts on it.
            (known && !rows.contains_key(&row))
                .then(|| format!("acknowledges {len} records of {epoch} that are not on disk"))
        }
        Message::Promise { epoch, ballot, .. } => {
            let held = held(rows, epoch)?;
            (held.promised < Some(*ballot)).then(|| format!("promises for {epoch} what is not on disk"))
        }
        Message::Accepted { epoch, ballot } => {
            let held = held(rows, epoch)?;
            let accepted = held.accepted.as_ref().map(|(ballot, _)| *ballot);
            let is_there = held.close.is_some() || accepted >= Some(*ballot);
            (!is_there).then(|| format!("accepts for {epoch} what is not on disk"))
        }
        _ => None,
    }
}

/// A change of a document that the device says it has and that is not on its disk.
fn overclaimed(device: DeviceId, process: &Process, doc: &DocId, versions: &Versions) -> Option<String> {
    let mut documents = Documents::open(process.store.clone(), Actor::new(&device, [9; 8])).expect("a running store");
    let stored = documents.versions(doc).expect("a running store");
    let (_, seq) = versions.iter().find(|(actor, seq)| stored.get(*actor) < Some(*seq))?;
    Some(format!("says it has change {seq} of {doc}, which is not on disk"))
}

fn held(rows: &BTreeMap<Vec<u8>, Vec<u8>>, epoch: &EpochId) -> Option<Held> {
    let rows = rows.iter().map(|(key, value)| (key.clone(), value.clone()));
    Durable::from_rows(rows).expect("these were written by a running device").epochs.remove(epoch)
}

/// What a frame is, so that of the rarer kinds some are kept too.
fn kind(frame: &Frame) -> &'static str {
    match frame {
        Frame::Steward(packet) => match &*packet.message {
            Message::Heartbeat { .. } => "heartbeat",
            Message::Probe { .. } => "probe",
            Message::ProbeReply { .. } => "probe reply",
            Message::Prepare { .. } => "prepare",
            Message::Promise { .. } => "promise",
            Message::Refused { .. } => "refused",
            Message::Accept { .. } => "accept",
            Message::Accepted { .. } => "accepted",
            Message::Behind { .. } => "behind",
            Message::Append { .. } => "append",
            Message::Ack { .. } => "ack",
            Message::Ask { .. } => "ask",
            Message::Reply { .. } => "reply",
            Message::TakeOver => "take-over",
            Message::Digest { .. } => "digest",
            Message::Data { .. } => "data",
        },
        Frame::Live(_) => "live",
        Frame::Summary { .. } => "summary",
        Frame::Ranges(_) => "ranges",
        Frame::Items(_) => "items",
        Frame::Want(_) => "want",
        Frame::Repair(_) => "repair",
        Frame::Addresses(_) => "addresses",
        Frame::Parcel(_) => "parcel",
        Frame::ParcelTaken { .. } => "parcel taken",
    }
}
