//! The device that waits to be invited, and strangers that show its invitation again.

use std::sync::Arc;

use branchmesh_model::command::Rejection;
use branchmesh_model::ids::DeviceId;
use branchmesh_model::schema::Role;
use branchmesh_node::handle::InvitationText;
use branchmesh_node::node::believed;
use branchmesh_node::replication::enrol::{Invitation, JoinReply, JoinRequest, Welcome};
use branchmesh_node::replication::input::Input;
use branchmesh_node::replication::trust::Signer;
use branchmesh_node::storage::Store;

use super::{Asked, World};
use crate::sim::Rng;
use crate::sim::member::store_options;

/// The device that makes invitations: the founder.
const ADMIN: usize = 0;
const TTL: std::time::Duration = std::time::Duration::from_secs(600);

/// What came of inviting.
#[derive(Default)]
pub(super) struct Guests {
    invitation: Option<Invitation>,
    used: bool,
}

impl World {
    fn guest(&self) -> usize {
        self.setup.size
    }

    pub(super) fn invite(&mut self, dice: u64) {
        if !self.is_up(ADMIN) || self.guests.invitation.is_some() {
            return;
        }
        let reply = self.ask(Asked::Invitation { member: ADMIN });
        let secret: [u8; 16] = std::array::from_fn(|i| (dice >> (i % 8 * 8)) as u8);
        let name = self.members[self.guest()].name.clone();
        let input =
            Input::Invite { reply, role: Role::Counter, name, counter: None, ttl: TTL, secret, addresses: vec![] };
        self.input(ADMIN, input);
    }

    pub(super) fn invited(&mut self, result: Result<InvitationText, Rejection>) {
        match result {
            Ok(text) => {
                self.tell(|_| "a new device is invited".into());
                self.guests.invitation = Invitation::from_text(&text.text).ok();
            }
            // After a lost disk it does not know yet that it is an admin device.
            Err(rejection) => self.tell(|_| format!("the founder may not invite: {rejection}")),
        }
    }

    pub(super) fn join(&mut self) {
        let (guest, Some(invitation)) = (self.guest(), self.guests.invitation.clone()) else { return };
        if self.network.reaches(guest, ADMIN) {
            self.knock(guest, self.members[guest].device, invitation.secret, false);
        }
    }

    /// Somebody else shows an invitation that its holder has used.
    pub(super) fn replay_invitation(&mut self, dice: u64) {
        let Some(invitation) = self.guests.invitation.clone().filter(|_| self.guests.used) else { return };
        let secret: [u8; 32] = std::array::from_fn(|i| Rng(dice ^ i as u64).draw() as u8);
        let stranger = Signer::new(&secret, self.branch).device;
        self.tell(|_| "a stranger shows the used invitation".into());
        self.knock(self.guest(), stranger, invitation.secret, true);
    }

    fn knock(&mut self, guest: usize, device: DeviceId, secret: [u8; 16], replay: bool) {
        if self.is_up(ADMIN) {
            let reply = self.ask(Asked::Join { guest, replay });
            self.input(ADMIN, Input::Join { reply, device, request: JoinRequest { secret } });
        }
    }

    pub(super) fn joined(&mut self, guest: usize, replay: bool, bytes: &[u8]) {
        let reply: JoinReply = postcard::from_bytes(bytes).expect("the hub's own bytes");
        match (reply, replay) {
            (JoinReply::Welcome(_), true) => self.violate("a stranger joined with a used invitation".into()),
            (JoinReply::Welcome(welcome), false) if !self.members[guest].enrolled => self.settle_in(guest, &welcome),
            (JoinReply::Welcome(_), false) => {}
            (other, _) => self.tell(|_| format!("the invitation is refused: {other:?}")),
        }
    }

    /// The new device keeps what it was told, as the shipping code lets it, and starts.
    fn settle_in(&mut self, guest: usize, welcome: &Welcome) {
        let member = &mut self.members[guest];
        let store = Store::with_backend(member.disk.backend(), &store_options(0)).expect("a new disk");
        let store = Arc::new(store);
        let fresh = member.rng.draw().to_be_bytes();
        match believed(&store, member.device, self.branch, welcome, fresh) {
            Ok(ops) => store.commit(&ops).expect("a new disk has room"),
            Err(problem) => return self.violate(format!("a new device does not believe the branch: {problem:#}")),
        }
        drop(store);
        self.members[guest].enrolled = true;
        self.guests.used = true;
        // A backup from before is older than what the admin device alone has told so far: the enrolment itself.
        self.members[ADMIN].backup = None;
        self.tell(|w| format!("{} joins", w.name(guest)));
        self.start(guest);
    }
}
