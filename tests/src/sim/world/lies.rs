//! What no honest device of this version sends.

use branchmesh_model::schema::DocId;
use branchmesh_model::time::{BusinessDate, UnixMs, business_date};
use branchmesh_node::replication::envelope::Envelope;
use branchmesh_node::replication::frame::Frame;
use branchmesh_node::replication::input::Input;
use branchmesh_node::replication::reconcile::{Items, RangePrint, Span};
use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::World;
use crate::sim::Rng;
use crate::sim::liar::{self, Lie, Occasion};

impl World {
    /// The liar sends something to everybody it is connected with; returns to whom it came.
    pub fn lie(&mut self, dice: u64) -> Vec<usize> {
        let Some(liar) = self.setup.liar.filter(|l| self.is_up(*l)) else { return vec![] };
        let mut rng = Rng(dice);
        let kind = rng.one_of(&Lie::ALL);
        let lie = self.occasion(liar, rng.draw()).envelope(kind);
        let replay = self.audit.genuine.get(rng.index(self.audit.genuine.len())).cloned();
        let mut envelopes: Vec<Envelope> = replay.iter().cloned().chain([lie]).collect();
        // The same once more, with a bit of it turned round on the way.
        envelopes.extend(replay.and_then(|mut e| {
            let at = rng.index(e.change.len());
            *e.change.get_mut(at)? ^= 1 << rng.below(8);
            Some(e)
        }));
        self.tell(|w| format!("{} lies: {kind:?}", w.name(liar)));
        let frame = if rng.chance(500) { Frame::Live(envelopes) } else { Frame::Repair(envelopes) };
        self.up().into_iter().filter(|to| self.say(liar, *to, frame.clone())).collect()
    }

    fn occasion(&self, liar: usize, nonce: u64) -> Occasion<'_> {
        let at = self.members[liar].now(self.now, self.epoch).wall;
        let (secret, victim) = (&self.members[liar].secret, self.members[0].device);
        Occasion { branch: self.branch, secret, victim, date: self.date_at(at), at, nonce }
    }

    fn date_at(&self, at: UnixMs) -> BusinessDate {
        business_date(at, &TimeZone::UTC, Time::midnight())
    }

    /// A connected peer sends bytes that are no frame, or a frame with some bits turned round. Stewardship is left out: a
    /// member that lies about its own disk can break any majority, so there only the reading is tested (by fuzzing).
    pub(super) fn garbage(&mut self, dice: u64) {
        let mut rng = Rng(dice);
        let up = self.up();
        let (from, to) = (rng.index(up.len()), rng.index(up.len()));
        if from == to || self.network.session(up[from], up[to]).is_none() {
            return;
        }
        let bytes = self.broken_frame(&mut rng);
        self.tell(|w| format!("{} sends {} {} broken bytes", w.name(up[from]), w.name(up[to]), bytes.len()));
        let peer = self.members[up[from]].device;
        let input = match Frame::decode(&bytes) {
            Ok(Frame::Steward(_)) => return,
            Ok(frame) => Input::Frame { peer, frame },
            Err(_) => Input::Refused { count_name: "frames_refused_unreadable" },
        };
        self.input(up[to], input);
    }

    fn broken_frame(&self, rng: &mut Rng) -> Vec<u8> {
        let envelopes: Vec<Envelope> =
            self.audit.genuine.get(rng.index(self.audit.genuine.len())).into_iter().cloned().collect();
        let doc = envelopes.first().map_or(DocId::roster(), |e| e.doc.clone());
        let frame = match rng.below(6) {
            0 => return (0..rng.below(200)).map(|_| rng.draw() as u8).collect(),
            1 => Frame::Live(envelopes),
            2 => Frame::Repair(envelopes),
            3 => Frame::Want(vec![(doc, Default::default())]),
            4 => Frame::Ranges(vec![RangePrint { span: Span::all(), count: 1, print: [7; 32] }]),
            _ => Frame::Items(Items { span: Span::all(), docs: vec![(doc, [7; 32])], answer: true }),
        };
        let mut bytes = frame.encode();
        for _ in 0..rng.below(9) {
            let at = rng.index(bytes.len());
            bytes[at] ^= 1 << rng.below(8);
        }
        bytes
    }

    /// A staff device tells another one about a customer.
    pub(super) fn visit(&mut self, dice: u64) {
        let Some((from, to)) = self.two_staff_devices() else { return };
        let at = self.members[from].now(self.now, self.epoch).wall;
        let envelope = liar::visit(self.branch, &self.members[from].secret, at, dice);
        self.tell(|w| format!("{} tells {} about a customer", w.name(from), w.name(to)));
        self.tell_about(from, to, vec![envelope]);
    }

    /// A staff device of a later version writes a family and a field that this version does not know.
    pub(super) fn newer(&mut self, dice: u64) {
        let Some((from, to)) = self.two_staff_devices() else { return };
        let at = self.members[from].now(self.now, self.epoch).wall;
        let date = self.date_at(at);
        let envelopes = liar::of_a_later_version(self.branch, &self.members[from].secret, date, at, dice);
        self.tell(|w| format!("{} tells {} what only a later version knows", w.name(from), w.name(to)));
        self.tell_about(from, to, envelopes.into());
    }

    fn tell_about(&mut self, from: usize, to: usize, envelopes: Vec<Envelope>) {
        self.audit.genuine.extend(envelopes.iter().cloned());
        self.say(from, to, Frame::Live(envelopes));
    }

    fn two_staff_devices(&self) -> Option<(usize, usize)> {
        // Who keeps it to itself would be the only one to have it.
        let passes_on = |i: &usize| self.setup.withholder() != Some(*i);
        let is_staff = |i: &usize| self.members[*i].role.is_staff_device();
        let staff: Vec<usize> = self.up().into_iter().filter(is_staff).filter(passes_on).collect();
        let (from, to) = (*staff.first()?, *staff.last()?);
        let hears = self.network.session(from, to).is_some() && self.members[to].paused_until <= self.now;
        (from != to && hears).then_some((from, to))
    }
}
