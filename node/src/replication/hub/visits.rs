//! Who the customer behind a ticket is: kept by staff devices, handed to them by the others, read for one ticket at a time.

use std::collections::BTreeMap;

use branchmesh_model::command::{Caller, Rejection};
use branchmesh_model::decide;
use branchmesh_model::ids::{CommandId, DeviceId, TicketId};
use branchmesh_model::schema::{DocId, Family};
use branchmesh_model::visit::{Told, Visit};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_bytes::ByteBuf;

use super::Hub;
use crate::replication::frame::Frame;
use crate::replication::input::{Effects, Now, Outgoing};
use crate::replication::parcel::{self, Parcel, ParcelId};
use crate::storage::StoreError;

/// Prefix of the meta rows that keep parcels until a staff device has them: `parcel/{id}/{to}`.
const PARCEL: &str = "parcel/";
/// Staff devices a parcel is offered to at once; what one has, all get.
const OFFERED_TO: usize = 2;
/// Seconds between two offers.
pub(super) const OFFER_EVERY_S: u64 = 2;

/// Parcels that no staff device is known to have, each sealed for every staff device of its time.
pub(super) type Parcels = BTreeMap<ParcelId, BTreeMap<DeviceId, ByteBuf>>;

/// What a customer told when taking a ticket.
#[derive(Debug)]
pub struct HandOver {
    /// The ticket.
    pub ticket: TicketId,
    /// The command that issued it.
    pub cmd: CommandId,
    /// Who asked for it.
    pub caller: Caller,
    /// What was told.
    pub told: Told,
    /// Drawn at random: the parcels' one-time keys come from it.
    pub seed: [u8; 32],
}

impl Hub {
    /// Keeps what a customer told, or hands it to a staff device; nothing readable stays on a device that may not hold it.
    pub(super) fn hand_over(
        &mut self,
        now: Now,
        what: HandOver,
        fx: &mut Effects,
    ) -> Result<Result<(), Rejection>, StoreError> {
        if let Err(rejection) = what.told.check() {
            return Ok(Err(rejection));
        }
        let by = what.caller.actor(now.wall);
        let write = decide::taken_with(&what.ticket, &what.cmd, by, what.told);
        if !Family::Visit.may_write(self.role, false, &write.key) {
            let detail = format!("a {} device takes no customer's data; use a kiosk, a counter or a tablet", self.role);
            return Ok(Err(Rejection::NotPermitted { detail }));
        }
        let facts = [(write.key, write.value)];
        if Family::Visit.may_hold(self.role) {
            self.write(now, &write.doc, &facts, fx)?;
            return Ok(Ok(()));
        }
        let envelope = self.documents.write_elsewhere(&write.doc, &facts, now.wall, &self.signer);
        let mut rng = ChaCha20Rng::from_seed(what.seed);
        let id = parcel::parcel_id(&envelope);
        let mut sealings = BTreeMap::new();
        for to in self.staff_devices() {
            if let Some(sealed) = parcel::seal(&envelope, &to, &mut rng) {
                self.remember(row(&id, &to), Some(sealed.clone()), fx);
                sealings.insert(to, ByteBuf::from(sealed));
            }
        }
        if sealings.is_empty() {
            let detail = "no staff device belongs to the branch that could keep a customer's data".into();
            return Ok(Err(Rejection::Unavailable { detail }));
        }
        self.parcels.insert(id, sealings);
        self.offer(&id, fx);
        Ok(Ok(()))
    }

    fn staff_devices(&self) -> Vec<DeviceId> {
        let devices = &self.view.roster().devices;
        let staff = devices.iter().filter(|(_, d)| d.revoked.is_none() && Family::Visit.may_hold(d.enrolment.role));
        staff.map(|(id, _)| *id).collect()
    }

    pub(super) fn reopen_parcels(&mut self) -> Result<(), StoreError> {
        for (key, sealed) in self.store.meta_scan(PARCEL)? {
            if let Some((id, to)) = key[PARCEL.len()..].split_once('/')
                && let (Ok(id), Ok(to)) = (data_encoding::HEXLOWER.decode(id.as_bytes()), to.parse())
                && let Ok(id) = ParcelId::try_from(id)
            {
                self.parcels.entry(id).or_default().insert(to, ByteBuf::from(sealed));
            }
        }
        Ok(())
    }

    /// Offers again what no staff device is known to have.
    pub(super) fn offer_parcels(&self, fx: &mut Effects) {
        for id in self.parcels.keys() {
            self.offer(id, fx);
        }
    }

    /// Offers a parcel to staff devices that are connected; if none is, everybody connected may know the way to one.
    fn offer(&self, id: &ParcelId, fx: &mut Effects) {
        let Some(sealings) = self.parcels.get(id) else { return };
        let active = sealings.iter().filter(|(to, _)| self.role_of(to).is_some());
        let (near, far): (Vec<_>, Vec<_>) = active.partition(|(to, _)| self.peers.contains_key(to));
        let parcel = |to: &DeviceId, sealed: &ByteBuf| {
            Frame::Parcel(Parcel { id: *id, from: self.signer.device, to: *to, sealed: sealed.clone() })
        };
        for (to, sealed) in near.iter().take(OFFERED_TO) {
            fx.send.push(Outgoing { to: **to, frame: parcel(to, sealed), bulk: false });
        }
        for (to, sealed) in far.iter().take(if near.is_empty() { OFFERED_TO } else { 0 }) {
            for way in self.peers.keys() {
                fx.send.push(Outgoing { to: *way, frame: parcel(to, sealed), bulk: true });
            }
        }
    }

    /// A parcel for this device is opened, checked and kept like any change; the sender hears of it once it is on disk.
    pub(super) fn parcel(&mut self, peer: DeviceId, parcel: Parcel, fx: &mut Effects) -> Result<(), StoreError> {
        if parcel.to != self.signer.device {
            self.pass_on(parcel.to, peer, Frame::Parcel(parcel), fx);
            return Ok(());
        }
        let opened =
            self.signer.open(&parcel.sealed).filter(|e| e.author == parcel.from && e.doc.family() == Family::Visit);
        let Some(envelope) = opened else {
            self.count("parcels_refused_unreadable");
            return Ok(());
        };
        let Some(change) = self.admitted(peer, envelope) else { return Ok(()) };
        // Not on disk, so not taken: it is offered again.
        if self.take(None, vec![change], false, fx)? > 0 {
            return Ok(());
        }
        self.count("parcels_taken");
        let taken = Frame::ParcelTaken { id: parcel.id, from: parcel.from };
        fx.send.push(Outgoing { to: peer, frame: taken, bulk: false });
        Ok(())
    }

    /// A staff device has the parcel on disk: nothing of it stays here.
    pub(super) fn parcel_taken(&mut self, peer: DeviceId, id: ParcelId, from: DeviceId, fx: &mut Effects) {
        if from != self.signer.device {
            self.pass_on(from, peer, Frame::ParcelTaken { id, from }, fx);
            return;
        }
        for to in self.parcels.remove(&id).unwrap_or_default().keys() {
            self.remember(row(&id, to), None, fx);
        }
    }

    /// Passes a frame between two devices that are not connected with each other, one hop.
    fn pass_on(&mut self, to: DeviceId, peer: DeviceId, frame: Frame, fx: &mut Effects) {
        if to != peer && self.peers.contains_key(&to) {
            self.count("parcels_passed_on");
            fx.send.push(Outgoing { to, frame, bulk: true });
        }
    }

    /// The customer behind a ticket and those it replaced, newest first; `None` if nobody was identified, or if this
    /// device may not hold it.
    pub(super) fn visit(&mut self, tickets: &[TicketId]) -> Result<Option<Visit>, StoreError> {
        let mut visit: Option<Visit> = None;
        for doc in tickets.iter().map(DocId::visit) {
            if !self.documents.held().contains_key(&doc) {
                continue;
            }
            let facts = self.documents.facts(&doc)?;
            let Some(older) = Visit::fold(facts.iter().map(|(k, v)| (k.as_str(), v.as_str()))) else { continue };
            visit = Some(match visit {
                Some(newer) => newer.over(older),
                None => older,
            });
        }
        Ok(visit)
    }
}

fn row(id: &ParcelId, to: &DeviceId) -> String {
    format!("{PARCEL}{}/{to}", data_encoding::HEXLOWER.encode(id))
}
