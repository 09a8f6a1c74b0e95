//! Customers, tellers and lobby managers: random but sensible commands.

use branchmesh_model::command::{Ask, Caller, Command, Guarded, Ordinary};
use branchmesh_model::config::StaffRole;
use branchmesh_model::ids::{CommandId, CounterNo, TicketId};
use branchmesh_model::schema::Role;
use branchmesh_model::ticket::{Position, TicketState};
use branchmesh_model::view::Ticket;
use branchmesh_node::handle::Snapshot;

use super::world::World;

const SERVICES: [&str; 3] = ["cash", "non_cash", "wealth"];

/// Plays customers and staff.
#[derive(Default)]
pub struct Workload {
    commands: u64,
    /// Commands that may be given again, perhaps at another device: a page that lost its answer.
    repeatable: Vec<Command>,
    /// Whether people override and take over.
    pub overrides: bool,
}

impl Workload {
    /// Opens counters 1 to 3 at the counters' own devices.
    pub fn open_counters(&mut self, world: &mut World) {
        for index in 0..world.members.len() {
            if world.members[index].role == Role::Counter {
                let counter = counter_of(index);
                self.staff(world, index, Ask::Ordinary(Ordinary::OpenCounter { counter, services: None, profile: None }));
            }
        }
    }

    /// One more thing somebody does somewhere.
    pub fn act(&mut self, world: &mut World) {
        let up = world.up();
        let Some(index) = up.get(world.rng.below(up.len() as u64) as usize).copied() else { return };
        if world.rng.chance(60) && !self.repeatable.is_empty() {
            let again = world.rng.below(self.repeatable.len() as u64) as usize;
            let command = self.repeatable[again].clone();
            world.command(index, command);
            return;
        }
        match world.members[index].role {
            Role::Counter => self.teller(world, index),
            Role::Kiosk => self.issue(world, index),
            Role::Tablet => self.lobby_manager(world, index),
            _ if world.rng.chance(300) => self.issue(world, index),
            _ => {}
        }
    }

    fn teller(&mut self, world: &mut World, index: usize) {
        let Some(snapshot) = snapshot_of(world, index) else { return };
        let counter = counter_of(index);
        let mine = |t: &Ticket| t.counter == Some(counter);
        let busy = find(&snapshot, |t| mine(t) && matches!(t.state, TicketState::Called | TicketState::Serving));
        let ask = match busy {
            Some((ticket, TicketState::Called)) => match world.rng.below(10) {
                0 | 1 => Ask::Ordinary(Ordinary::NoShow { ticket }),
                2 => Ask::Ordinary(Ordinary::Recall { ticket }),
                _ => Ask::Ordinary(Ordinary::Start { ticket }),
            },
            Some((ticket, _)) => match world.rng.below(10) {
                0 => Ask::Ordinary(Ordinary::Park { ticket, reason: None }),
                1 => Ask::Guarded(Guarded::Transfer {
                    ticket,
                    service: Some(SERVICES[world.rng.below(2) as usize].into()),
                    counter: None,
                    staff: None,
                    position: [Position::Front, Position::End, Position::Arrival][world.rng.below(3) as usize],
                }),
                _ => Ask::Ordinary(Ordinary::Finish { ticket, outcome: None }),
            },
            None => self.free_teller(world, &snapshot, counter),
        };
        self.staff(world, index, ask);
    }

    fn free_teller(&self, world: &mut World, snapshot: &Snapshot, counter: CounterNo) -> Ask {
        if world.rng.chance(150)
            && let Some((ticket, _)) =
                find(snapshot, |t| t.state == TicketState::Parked || t.state == TicketState::NoShow)
        {
            return Ask::Guarded(Guarded::Call { ticket, counter, override_reason: None });
        }
        if self.overrides
            && world.rng.chance(100)
            && let Some((ticket, _)) = find(snapshot, |t| t.state == TicketState::Waiting)
        {
            let override_reason = Some("the customer stands here".to_owned());
            return Ask::Guarded(Guarded::Call { ticket, counter, override_reason });
        }
        Ask::Guarded(Guarded::CallNext { counter })
    }

    fn lobby_manager(&mut self, world: &mut World, index: usize) {
        let Some(snapshot) = snapshot_of(world, index) else { return };
        let service = SERVICES[world.rng.below(3) as usize].to_owned();
        let waiting = find(&snapshot, |t| t.state == TicketState::Waiting);
        let missed = find(&snapshot, |t| t.state == TicketState::NoShow);
        let ask = match (world.rng.below(8), waiting, missed) {
            (0, Some((ticket, _)), _) => Ask::Guarded(Guarded::Move { ticket, service }),
            (1, Some((ticket, _)), _) => Ask::Guarded(Guarded::Abandon { ticket, reason: None }),
            (2 | 3, _, Some((ticket, _))) => Ask::Guarded(Guarded::Reinstate { ticket }),
            _ => return self.issue(world, index),
        };
        self.staff(world, index, ask);
    }

    fn issue(&mut self, world: &mut World, index: usize) {
        let service = SERVICES[world.rng.below(3) as usize].to_owned();
        let ask = Guarded::Issue { service, category: None, language: None, identified: false, status_digest: None };
        self.staff(world, index, Ask::Guarded(ask));
    }

    fn staff(&mut self, world: &mut World, index: usize, ask: Ask) {
        self.commands += 1;
        let id = CommandId::try_from(format!("c{}", self.commands)).expect("short plain text");
        let caller = Caller {
            device: world.members[index].device,
            device_role: Some(world.members[index].role),
            staff: Some("manager".into()),
            roles: vec![StaffRole::Teller, StaffRole::LobbyManager, StaffRole::Admin],
        };
        let command = Command { id, caller, ask };
        if world.rng.chance(200) && matches!(command.ask, Ask::Guarded(_)) {
            self.repeatable.push(command.clone());
        }
        world.command(index, command);
    }
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
