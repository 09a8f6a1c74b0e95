//! Customers, tellers and lobby managers: random but sensible commands.

use branchmesh_model::command::{Ask, Caller, Command, Guarded, Ordinary};
use branchmesh_model::config::StaffRole;
use branchmesh_model::ids::{CommandId, CounterNo, TicketId};
use branchmesh_model::schema::Role;
use branchmesh_model::ticket::{Position, TicketState};
use branchmesh_model::view::{CounterState, Ticket};
use branchmesh_node::handle::Snapshot;

use super::Rng;
use super::member::Member;
use super::world::World;

const SERVICES: [&str; 3] = ["cash", "non_cash", "wealth"];

/// Plays customers and staff.
#[derive(Default)]
pub struct Workload {
    commands: u64,
    /// Commands that may be given again, perhaps at another device: a page that lost its answer.
    repeatable: Vec<Command>,
    /// Whether people override.
    overrides: bool,
}

impl Workload {
    /// People who have not done anything yet.
    pub fn new(overrides: bool) -> Self {
        Self { overrides, ..Self::default() }
    }

    /// One more thing somebody does somewhere.
    pub fn act(&mut self, world: &mut World, mut rng: Rng) {
        let up = world.up();
        let Some(index) = up.get(rng.index(up.len())).copied() else { return };
        if rng.chance(60) && !self.repeatable.is_empty() {
            let command = self.repeatable[rng.index(self.repeatable.len())].clone();
            world.command(index, command);
            return;
        }
        match world.members[index].role {
            Role::Counter => self.teller(world, index, &mut rng),
            Role::Kiosk => self.issue(world, index, &mut rng),
            Role::Tablet => self.lobby_manager(world, index, &mut rng),
            _ if rng.chance(300) => self.issue(world, index, &mut rng),
            _ => {}
        }
    }

    /// Many people want a ticket at the same moment.
    pub fn burst(&mut self, world: &mut World, count: u64, mut rng: Rng) {
        let up = world.up();
        for _ in 0..count {
            if let Some(index) = up.get(rng.index(up.len())) {
                self.issue(world, *index, &mut rng);
            }
        }
    }

    fn teller(&mut self, world: &mut World, index: usize, rng: &mut Rng) {
        let Some(snapshot) = snapshot_of(world, index) else { return };
        let counter = counter_of(world.members[index].clone_of.unwrap_or(index));
        if snapshot.today().counters.get(&counter).is_none_or(|c| c.state == CounterState::Closed) {
            let open = Ordinary::OpenCounter { counter, services: None, profile: None };
            return self.staff(world, index, Ask::Ordinary(open), rng);
        }
        if let Some(ask) = conflict_to_acknowledge(&snapshot, rng) {
            return self.staff(world, index, ask, rng);
        }
        let mine = |t: &Ticket| t.counter == Some(counter);
        let busy = find(&snapshot, |t| mine(t) && matches!(t.state, TicketState::Called | TicketState::Serving));
        let ask = match busy {
            Some((ticket, TicketState::Called)) => match rng.below(10) {
                0 | 1 => Ask::Ordinary(Ordinary::NoShow { ticket }),
                2 => Ask::Ordinary(Ordinary::Recall { ticket }),
                _ => Ask::Ordinary(Ordinary::Start { ticket }),
            },
            Some((ticket, _)) => match rng.below(10) {
                0 => Ask::Ordinary(Ordinary::Park { ticket, reason: None }),
                1 => Ask::Guarded(Guarded::Transfer {
                    ticket,
                    service: Some(SERVICES[rng.below(2) as usize].into()),
                    counter: None,
                    staff: None,
                    position: [Position::Front, Position::End, Position::Arrival][rng.below(3) as usize],
                }),
                _ => Ask::Ordinary(Ordinary::Finish { ticket, outcome: None }),
            },
            None => self.free_teller(rng, &snapshot, counter),
        };
        self.staff(world, index, ask, rng);
    }

    fn free_teller(&self, rng: &mut Rng, snapshot: &Snapshot, counter: CounterNo) -> Ask {
        if rng.chance(150)
            && let Some((ticket, _)) =
                find(snapshot, |t| t.state == TicketState::Parked || t.state == TicketState::NoShow)
        {
            return Ask::Guarded(Guarded::Call { ticket, counter, override_reason: None });
        }
        if self.overrides
            && rng.chance(100)
            && let Some((ticket, _)) = find(snapshot, |t| t.state == TicketState::Waiting)
        {
            let override_reason = Some("the customer stands here".to_owned());
            return Ask::Guarded(Guarded::Call { ticket, counter, override_reason });
        }
        Ask::Guarded(Guarded::CallNext { counter })
    }

    fn lobby_manager(&mut self, world: &mut World, index: usize, rng: &mut Rng) {
        let Some(snapshot) = snapshot_of(world, index) else { return };
        let service = SERVICES[rng.below(3) as usize].to_owned();
        let waiting = find(&snapshot, |t| t.state == TicketState::Waiting);
        let missed = find(&snapshot, |t| t.state == TicketState::NoShow);
        let ask = match (rng.below(8), waiting, missed) {
            (0, Some((ticket, _)), _) => Ask::Guarded(Guarded::Move { ticket, service }),
            (1, Some((ticket, _)), _) => Ask::Guarded(Guarded::Abandon { ticket, reason: None }),
            (2 | 3, _, Some((ticket, _))) => Ask::Guarded(Guarded::Reinstate { ticket }),
            _ => return self.issue(world, index, rng),
        };
        self.staff(world, index, ask, rng);
    }

    fn issue(&mut self, world: &mut World, index: usize, rng: &mut Rng) {
        let service = SERVICES[rng.below(3) as usize].to_owned();
        let ask = Guarded::Issue { service, category: None, language: None, identified: false, status_digest: None };
        self.staff(world, index, Ask::Guarded(ask), rng);
    }

    /// A command of a staff member at a device.
    pub fn staff(&mut self, world: &mut World, index: usize, ask: Ask, rng: &mut Rng) {
        self.commands += 1;
        let id = CommandId::try_from(format!("c{}", self.commands)).expect("short plain text");
        let command = Command { id, caller: manager_at(&world.members[index]), ask };
        if rng.chance(200) && matches!(command.ask, Ask::Guarded(_)) {
            self.repeatable.push(command.clone());
        }
        world.command(index, command);
    }
}

/// The manager, who may do everything, at a device.
pub fn manager_at(member: &Member) -> Caller {
    Caller {
        device: member.device,
        device_role: Some(member.role),
        staff: Some("manager".into()),
        roles: vec![StaffRole::Teller, StaffRole::LobbyManager, StaffRole::Admin],
    }
}

/// Now and then somebody sees to a double call.
fn conflict_to_acknowledge(snapshot: &Snapshot, rng: &mut Rng) -> Option<Ask> {
    let open = snapshot.today().conflicts.values().find(|c| c.acknowledged.is_none())?;
    rng.chance(50).then_some(Ask::Ordinary(Ordinary::AcknowledgeConflict { conflict: open.id }))
}

/// The counter at which a device stands.
fn counter_of(index: usize) -> CounterNo {
    index as CounterNo % 3 + 1
}

fn snapshot_of(world: &World, index: usize) -> Option<std::sync::Arc<Snapshot>> {
    world.members[index].process.as_ref().map(|p| p.snapshot.clone())
}

fn find(snapshot: &Snapshot, wanted: impl Fn(&Ticket) -> bool) -> Option<(TicketId, TicketState)> {
    snapshot.today().tickets.values().find(|t| wanted(t)).map(|t| (t.id, t.state))
}
