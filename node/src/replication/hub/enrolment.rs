//! Inviting, joining and revoking devices.

use std::net::SocketAddr;
use std::time::Duration;

use branchmesh_model::command::{Ask, Ordinary, Rejection};
use branchmesh_model::decide;
use branchmesh_model::ids::{CommandId, CounterNo, DeviceId};
use branchmesh_model::roster::Holding;
use branchmesh_model::schema::{DocId, Role};
use branchmesh_model::time::UnixMs;

use super::Hub;
use crate::handle::InvitationText;
use crate::replication::enrol::{INVITATION, Invitation, JoinReply, JoinRequest, OpenInvitation, Welcome};
use crate::replication::input::{Effects, Input, Now, Reply, ReplyId};
use crate::storage::StoreError;

/// Longest validity of an invitation.
const MAX_TTL: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long a used or lapsed invitation is remembered, so that its holder is told what happened to it.
const REMEMBERED_MS: i64 = 24 * 3600 * 1000;

impl Hub {
    #[expect(clippy::too_many_arguments, reason = "the parts of one input, taken apart where inputs are dispatched")]
    pub(super) fn invite(
        &mut self,
        now: Now,
        reply: ReplyId,
        device: (Role, String, Option<CounterNo>),
        ttl: Duration,
        secret: [u8; 16],
        addresses: Vec<SocketAddr>,
        fx: &mut Effects,
    ) {
        let result = self.try_invite(now, device, ttl, secret, addresses, fx);
        fx.replies.push((reply, Reply::Invited(result)));
    }

    fn try_invite(
        &mut self,
        now: Now,
        (role, name, counter): (Role, String, Option<CounterNo>),
        ttl: Duration,
        secret: [u8; 16],
        addresses: Vec<SocketAddr>,
        fx: &mut Effects,
    ) -> Result<InvitationText, Rejection> {
        let roster = self.view.roster();
        if !roster.devices.get(&self.signer.device).is_some_and(|d| d.admin && d.revoked.is_none()) {
            let detail = "only an admin device makes invitations; ask at one of those `GET /devices` names".into();
            return Err(Rejection::NotPermitted { detail });
        }
        decide::check_new_device(&self.view, &name, counter)?;
        if ttl.is_zero() || ttl > MAX_TTL {
            return Err(Rejection::invalid("ttl_s", "between 1 second and 7 days"));
        }
        let ttl_ms = i64::try_from(ttl.as_millis()).unwrap_or(REMEMBERED_MS);
        let expires = UnixMs(now.wall.0.saturating_add(ttl_ms));
        let digest = *blake3::hash(&secret).as_bytes();
        self.keep_invitation(&OpenInvitation { digest, role, name, counter, expires, used_by: None }, fx);
        self.set_joinable(true, fx);
        let invitation = Invitation { branch: self.signer.branch, admin: self.signer.device, addresses, secret };
        Ok(InvitationText { text: invitation.to_text(), expires_at: expires })
    }

    /// States what this device had accepted of a revoked one before it heard of the revocation, so that what honest devices
    /// built upon it can enter everywhere.
    pub(super) fn state_holdings(&mut self, now: Now, fx: &mut Effects) -> Result<(), StoreError> {
        let me = self.signer.device;
        let roster = self.view.roster().clone();
        if roster.active(&me).is_none() {
            return Ok(());
        }
        for (device, revocation) in roster.devices.iter().filter_map(|(id, d)| Some((id, d.revoked.as_ref()?))) {
            let last = self.documents.authored_by(device);
            if last > revocation.last {
                let holding = Holding { device: *device, last, at: now.wall, by: me };
                let value = serde_json::to_string(&holding).expect("a holding is plain data");
                self.write(now, &DocId::roster(), &[(holding.key(), value)], fx)?;
                self.count("holdings_stated");
            }
        }
        Ok(())
    }

    fn keep_invitation(&self, invitation: &OpenInvitation, fx: &mut Effects) {
        let bytes = postcard::to_stdvec(invitation).expect("an invitation is plain data");
        self.remember(invitation_key(&invitation.digest), Some(bytes), fx);
    }

    fn set_joinable(&mut self, joinable: bool, fx: &mut Effects) {
        if self.joinable != joinable {
            self.joinable = joinable;
            fx.joinable = Some(joinable);
        }
    }

    /// Forgets what lapsed long ago; closes the door when no invitation is left.
    pub(super) fn lapse_invitations(&mut self, now: Now, fx: &mut Effects) -> Result<(), StoreError> {
        if !self.joinable {
            return Ok(());
        }
        let mut open = false;
        for (key, invitation) in self.invitations()? {
            let lapsed_for = now.wall.0.saturating_sub(invitation.expires.0);
            if lapsed_for > REMEMBERED_MS {
                self.remember(key, None, fx);
            } else {
                open = true;
            }
        }
        self.set_joinable(open, fx);
        Ok(())
    }

    /// After a start: the door stands open while somebody may still come with an invitation.
    pub(super) fn reopen_invitations(&mut self, now: Now, fx: &mut Effects) -> Result<(), StoreError> {
        if !self.invitations()?.is_empty() {
            self.set_joinable(true, fx);
            self.lapse_invitations(now, fx)?;
        }
        Ok(())
    }

    fn invitations(&self) -> Result<Vec<(String, OpenInvitation)>, StoreError> {
        let rows = self.store.meta_scan(INVITATION)?;
        Ok(rows.into_iter().filter_map(|(k, v)| postcard::from_bytes(&v).ok().map(|i| (k, i))).collect())
    }

    pub(super) fn join(
        &mut self,
        now: Now,
        reply: ReplyId,
        device: DeviceId,
        request: &JoinRequest,
        fx: &mut Effects,
    ) -> Result<(), StoreError> {
        match self.try_join(now, device, request, fx)? {
            Ok(()) => fx.again.push(Input::Welcome { reply, device }),
            Err(refused) => {
                self.count("joins_refused");
                fx.replies.push((reply, Reply::Joined(encode(&refused))));
            }
        }
        Ok(())
    }

    fn try_join(
        &mut self,
        now: Now,
        device: DeviceId,
        request: &JoinRequest,
        fx: &mut Effects,
    ) -> Result<Result<(), JoinReply>, StoreError> {
        let digest = *blake3::hash(&request.secret).as_bytes();
        let Some(bytes) = self.store.meta(&invitation_key(&digest))? else { return Ok(Err(JoinReply::Unknown)) };
        let Ok(mut invitation) = postcard::from_bytes::<OpenInvitation>(&bytes) else {
            return Ok(Err(JoinReply::Unknown));
        };
        if invitation.used_by.is_some_and(|by| by != device) {
            return Ok(Err(JoinReply::Used));
        }
        if let Some(known) = self.view.roster().devices.get(&device) {
            return Ok(if known.revoked.is_some() { Err(JoinReply::Revoked) } else { Ok(()) });
        }
        if now.wall > invitation.expires {
            return Ok(Err(JoinReply::Expired));
        }
        let enrol = Ordinary::Enrol {
            device,
            role: invitation.role,
            name: invitation.name.clone(),
            counter: invitation.counter,
        };
        if let Err(rejection) = self.as_admin(now, format!("enrol/{}", device.short()), enrol, fx)? {
            return Ok(Err(JoinReply::Failed(rejection.to_string())));
        }
        invitation.used_by = Some(device);
        self.keep_invitation(&invitation, fx);
        Ok(Ok(()))
    }

    /// Carries out an ordinary command in the name of this admin device itself.
    fn as_admin(
        &mut self,
        now: Now,
        id: String,
        ask: Ordinary,
        fx: &mut Effects,
    ) -> Result<Result<(), Rejection>, StoreError> {
        let id = CommandId::try_from(id).expect("short plain text is a valid command id");
        let command = self.own_command(id, Ask::Ordinary(ask));
        Ok(self.ordinary(now, &command, fx)?.map(|_| ()))
    }

    /// Tells a device that was just enrolled all it needs; its enrolment is on disk here.
    pub(super) fn welcome(&mut self, reply: ReplyId, device: DeviceId, fx: &mut Effects) -> Result<(), StoreError> {
        let none = std::collections::BTreeMap::new();
        let mut envelopes = self.store.envelopes_after(&DocId::roster(), &none, usize::MAX)?;
        envelopes.extend(self.store.envelopes_after(&DocId::config(), &none, usize::MAX)?);
        let addresses = self.peers.iter().map(|(id, p)| (*id, p.addresses.clone())).collect();
        let roster = self.view.roster().clone();
        let answer = match roster.devices.get(&device) {
            Some(known) => JoinReply::Welcome(Box::new(Welcome {
                branch_name: self.view.config().branch.name.clone(),
                role: known.enrolment.role,
                name: known.enrolment.name.clone(),
                counter: known.enrolment.counter,
                envelopes,
                addresses,
            })),
            None => JoinReply::Failed("the enrolment was not kept".into()),
        };
        fx.replies.push((reply, Reply::Joined(encode(&answer))));
        Ok(())
    }
}

fn invitation_key(digest: &[u8; 32]) -> String {
    format!("{INVITATION}{}", data_encoding::BASE32_NOPAD.encode(&digest[..20]))
}

fn encode(reply: &JoinReply) -> Vec<u8> {
    postcard::to_stdvec(reply).expect("a join reply is plain data")
}
