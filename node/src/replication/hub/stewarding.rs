//! The stewardship machine's place in the hub: its questions, its outputs, and who takes the queue over.

use std::collections::{BTreeMap, BTreeSet};

use branchmesh_model::command::{Ask, Caller, Command, Guarded, Rejection};
use branchmesh_model::config::StaffRole;
use branchmesh_model::decide;
use branchmesh_model::event::{EventData, EventDraft, EventType};
use branchmesh_model::ids::{CommandId, DeviceId, TicketId, VoterId};
use branchmesh_model::schema::Role;
use branchmesh_model::steward::{Census, Desk, Machine, Note, Output, Packet, Standing};
use branchmesh_model::ticket::TicketState;
use branchmesh_model::view::{BranchView, Ticket};

use super::Hub;
use crate::replication::desk::TicketDesk;
use crate::replication::frame::Frame;
use crate::replication::input::{Effects, Input, Now, Outgoing, Reply, ReplyId};
use crate::storage::{StoreError, StoreOp};

/// Longest reason a person may give, in characters.
const MAX_REASON_CHARS: usize = 200;

/// Who may vote and in which order they act.
pub(super) fn census(view: &BranchView) -> Census {
    let config = view.config();
    let standing = |id: &DeviceId, role: Role| Standing {
        rank: config.ranks.get(id).copied().unwrap_or_else(|| role.default_rank()),
        preferred: matches!(role, Role::Counter | Role::Kiosk),
    };
    let devices = view.roster().devices.iter();
    let voters = devices
        .filter(|(_, d)| d.revoked.is_none() && d.enrolment.role != Role::Hq)
        .map(|(id, d)| (*id, standing(id, d.enrolment.role)))
        .collect();
    Census { voters }
}

impl Hub {
    /// Lets the machine handle something at a desk where the days lie that are shown by the clocks believed now: else a number
    /// of a day out of sight could be given again.
    fn with_desk(
        &mut self,
        now: Now,
        fx: &mut Effects,
        f: impl FnOnce(&mut Machine, &mut dyn Desk) -> Output,
    ) -> Output {
        let wall = self.agreed_wall(now);
        if self.date_of(wall) != self.today
            && let Err(error) = self.follow_the_date(now, fx)
        {
            fx.fatal = Some(error.to_string());
        }
        let mut desk = TicketDesk {
            wall,
            book: &mut self.book,
            view: &self.view,
            side_lane: &self.side_lane,
            context: &self.context,
        };
        f(&mut self.machine, &mut desk)
    }

    pub(super) fn machine_tick(&mut self, now: Now, fx: &mut Effects) {
        if self.stands_still() {
            return;
        }
        let output = self.with_desk(now, fx, |machine, desk| machine.tick(now.mono_ms, desk));
        self.absorb(now, output, fx);
    }

    pub(super) fn packet(&mut self, now: Now, link: VoterId, packet: Packet, fx: &mut Effects) {
        if self.stands_still() {
            return;
        }
        let output = self.with_desk(now, fx, |machine, desk| machine.handle(now.mono_ms, link, packet, desk));
        self.absorb(now, output, fx);
    }

    /// Turns the machine's output into effects.
    pub(super) fn absorb(&mut self, now: Now, output: Output, fx: &mut Effects) {
        for op in &output.ops {
            let rows = op.rows().into_iter().map(|(key, value)| StoreOp::Steward { key, value });
            if self.machine.may_wait(op) {
                self.later.extend(rows);
            } else {
                fx.store.extend(rows);
                self.has_promised |= !self.machine.is_of_another(op);
            }
        }
        if let Err(error) = output.notes.into_iter().try_for_each(|note| self.note(now, note, fx)) {
            fx.fatal = Some(error.to_string());
        }
        for (hop, packet) in output.send {
            if hop == self.voter {
                fx.again.push(Input::OwnPacket(packet));
            } else if self.peers.contains_key(&hop.device) {
                fx.send.push(Outgoing { to: hop.device, frame: Frame::Steward(packet), bulk: false });
            }
        }
    }

    fn note(&mut self, now: Now, note: Note, fx: &mut Effects) -> Result<(), StoreError> {
        match note {
            Note::Committed { record, body } => {
                if let Ok(entry) = serde_json::from_slice(&body) {
                    self.show_record(now, record, &entry, fx)?;
                }
            }
            Note::Answered { cmd, answer } => self.answered(now, &cmd, answer, fx)?,
            Note::TimedOut { cmd } => self.timed_out(&cmd, fx),
            Note::EpochChanged => {
                self.taken_over = false;
                // A new steward finishes what its predecessor may have left undone.
                if self.machine.is_active() {
                    self.show_known_records(now, fx)?;
                }
                self.mesh_changed = true;
                fx.publish = true;
                fx.events.push(self.mesh_event(EventType::MeshEpoch, self.signer.device, now));
            }
            Note::Closed { .. } | Note::GroupChanged => {
                self.mesh_changed = true;
                fx.publish = true;
            }
            Note::Diverged { record } => {
                self.count("stewardship_diverged");
                tracing::error!(
                    ?record,
                    "two logs of one epoch differ; please report this with the logs of the devices"
                );
            }
        }
        Ok(())
    }

    /// After a lost answer and a split a command may have issued a ticket on both sides. The device that gave one of them to
    /// the customer gives the other up, so that nobody is called who is not there.
    pub(super) fn give_up_ghosts(&mut self, now: Now, fx: &mut Effects) {
        for ghost in self.ghosts(now) {
            let id = CommandId::try_from(format!("ghost/{ghost}")).expect("short plain text is a valid command id");
            let reason = Some("the customer was given another number".to_owned());
            let command = self.own_command(id, Ask::Guarded(Guarded::Abandon { ticket: ghost, reason }));
            self.guarded(now, None, command, fx);
        }
    }

    /// Waiting tickets of commands for which this device gave out another ticket.
    fn ghosts(&self, now: Now) -> Vec<TicketId> {
        let Some(day) = self.view.days().get(&self.date(now)) else { return Vec::new() };
        let mut of_command: BTreeMap<&CommandId, Vec<&Ticket>> = BTreeMap::new();
        for ticket in day.tickets.values() {
            of_command.entry(&ticket.issued_for).or_default().push(ticket);
        }
        let given = |cmd: &CommandId| self.machine.durable().answers.get(cmd).map(|saved| saved.record.key());
        let mut ghosts = Vec::new();
        for (cmd, tickets) in of_command.into_iter().filter(|(_, tickets)| tickets.len() > 1) {
            let Some(given) = given(cmd).filter(|given| tickets.iter().any(|t| t.id == *given)) else { continue };
            let waits = |t: &&&Ticket| t.id != given && t.state == TicketState::Waiting && t.calls == 0;
            ghosts.extend(tickets.iter().filter(waits).map(|t| t.id));
        }
        ghosts
    }

    /// A command that this device gives itself.
    pub(super) fn own_command(&self, id: CommandId, ask: Ask) -> Command {
        let caller = Caller {
            device: self.signer.device,
            device_role: Some(self.role),
            staff: None,
            roles: vec![StaffRole::Admin],
        };
        Command { id, caller, ask }
    }

    pub(super) fn take_over(&mut self, now: Now, reply: ReplyId, caller: &Caller, reason: &str, fx: &mut Effects) {
        let result = self.try_take_over(now, caller, reason, fx);
        fx.replies.push((reply, Reply::TakeOver(result)));
    }

    fn try_take_over(&mut self, now: Now, caller: &Caller, reason: &str, fx: &mut Effects) -> Result<(), Rejection> {
        decide::permit_take_over(caller)?;
        if self.stands_still() {
            return Err(Rejection::RunsTwice);
        }
        if reason.trim().is_empty() || reason.chars().count() > MAX_REASON_CHARS {
            return Err(Rejection::invalid("reason", format!("1 to {MAX_REASON_CHARS} characters are expected")));
        }
        let output = self.machine.take_over(now.mono_ms).map_err(|_| Rejection::NoSteward)?;
        self.absorb(now, output, fx);
        tracing::warn!(staff = caller.staff.as_deref().unwrap_or("-"), reason, "the queue was taken over by a person");
        self.taken_over = true;
        self.mesh_changed = true;
        fx.publish = true;
        Ok(())
    }

    /// Notes today's waiting tickets that this side may not call, for the screens of a split.
    pub(super) fn note_foreign_tickets(&mut self, now: Now) {
        let Some(day) = self.view.days().get(&self.date(now)) else { return };
        let waiting = day.tickets.values().filter(|t| t.state == TicketState::Waiting).map(|t| t.id);
        let mut foreign: BTreeSet<TicketId> = waiting.collect();
        if !foreign.is_empty() {
            for (record, ..) in self.machine.committed_entries().filter(|(r, ..)| self.machine.inherits(r.epoch)) {
                foreign.remove(&record.key());
            }
        }
        self.foreign = foreign;
    }

    pub(super) fn mesh_event(&self, kind: EventType, device: DeviceId, now: Now) -> EventDraft {
        let name = self.view.roster().devices.get(&device).map(|d| d.enrolment.name.clone());
        let data = match kind {
            EventType::MeshEpoch => serde_json::json!({
                "epoch": self.machine.epoch().map(|e| e.id.to_string()),
                "steward": self.machine.steward().map(|v| v.device),
            }),
            _ => serde_json::json!({ "device": device, "name": name }),
        };
        let data = EventData::Facts(data);
        EventDraft { kind, at: now.wall, device: self.signer.device, staff: None, data }
    }
}
