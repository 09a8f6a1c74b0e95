//! Who plays: the devices of the demo branch and its staff. All names and PINs are made up for the demo.

use branchmesh_model::config::StaffRole;
use branchmesh_model::schema::Role;

/// Name of the demo branch.
pub(super) const BRANCH: &str = "演示网点 Demo Branch";

/// The demo's configuration of the branch, which is also an example for `init --config`.
pub(super) const CONFIG: &str = include_str!("branch.json");

/// A device of the demo.
#[derive(Debug)]
pub(super) struct Device {
    /// Name of its folder and log.
    pub key: &'static str,
    /// Its name in the branch.
    pub name: &'static str,
    /// Its role.
    pub role: Role,
    /// The counter it stands at.
    pub counter: Option<u8>,
    /// The screen a person opens first.
    pub page: &'static str,
}

impl Device {
    const fn new(key: &'static str, name: &'static str, role: Role, counter: Option<u8>, page: &'static str) -> Self {
        Self { key, name, role, counter, page }
    }

    /// Its place in the cast.
    pub(super) fn index(&self) -> usize {
        CAST.iter().position(|device| device.key == self.key).expect("every device is of the cast")
    }
}

/// The devices, in the order of their ports. The first founds the branch.
pub(super) const CAST: [Device; 5] = [
    Device::new("counter-1", "1号窗口 Window 1", Role::Counter, Some(1), "/"),
    Device::new("counter-2", "2号窗口 Window 2", Role::Counter, Some(2), "/"),
    Device::new("kiosk", "取号机 Kiosk", Role::Kiosk, None, "/"),
    Device::new("display", "大屏 Display", Role::Display, None, "/"),
    Device::new("lobby", "大堂平板 Lobby tablet", Role::Tablet, None, "/"),
];

/// Where in the cast customers take tickets.
pub(super) const KIOSK: usize = 2;
/// Where in the cast the lobby manager works.
pub(super) const LOBBY: usize = 4;

/// A staff member of the demo.
#[derive(Debug)]
pub(super) struct Person {
    /// Sign-in name.
    pub id: &'static str,
    /// Their name.
    pub name: &'static str,
    /// Their PIN.
    pub pin: &'static str,
    /// What they may do.
    pub roles: &'static [StaffRole],
}

/// The first staff member, made when the branch is founded.
pub(super) const MANAGER: Person = Person {
    id: "manager",
    name: "网点负责人 Manager",
    pin: "2468",
    roles: &[
        StaffRole::Admin,
        StaffRole::BranchHead,
        StaffRole::LobbyManager,
        StaffRole::Teller,
        StaffRole::WealthManager,
    ],
};

/// The others, made through the public API.
pub(super) const STAFF: [Person; 3] = [
    Person { id: "teller1", name: "柜员甲 Teller One", pin: "1111", roles: &[StaffRole::Teller] },
    Person { id: "teller2", name: "柜员乙 Teller Two", pin: "2222", roles: &[StaffRole::Teller] },
    Person { id: "lobby", name: "大堂经理 Lobby Manager", pin: "3333", roles: &[StaffRole::LobbyManager] },
];

#[cfg(test)]
mod tests {
    use branchmesh_model::config::{Branch, Category, Counter, Profile, Queue, Service, Text, Zone};
    use serde_json::Value;

    use super::*;

    fn section<T: serde::de::DeserializeOwned>(config: &Value, name: &str) -> T {
        serde_json::from_value(config[name].clone()).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    #[test]
    fn the_demo_s_configuration_fits_the_model_and_itself() {
        let config: Value = serde_json::from_str(CONFIG).unwrap();
        let branch: Branch = section(&config, "branch");
        assert_eq!(branch.name, BRANCH);
        let services: Vec<Service> = section(&config, "services");
        let queues: Vec<Queue> = section(&config, "queues");
        let counters: Vec<Counter> = section(&config, "counters");
        let profiles: Vec<Profile> = section(&config, "profiles");
        let zones: Vec<Zone> = section(&config, "zones");
        assert!(services.iter().all(|s| queues.iter().any(|q| q.id == s.queue)));
        assert!(counters.iter().all(|c| profiles.iter().any(|p| p.id == c.profile)));
        assert!(counters.iter().all(|c| c.zone.is_none() || zones.iter().any(|z| Some(&z.id) == c.zone.as_ref())));
        assert!(profiles.iter().flat_map(|p| &p.queues).all(|pq| queues.iter().any(|q| q.id == pq.queue)));
        let complete = |text: &Text| !text.zh.is_empty() && !text.en.is_empty();
        assert!(
            services.iter().all(|s| complete(&s.name) && s.categories.iter().all(|c: &Category| complete(&c.name)))
        );
        assert!(CAST.iter().filter_map(|d| d.counter).all(|n| counters.iter().any(|c| c.number == n)));
    }

    #[test]
    fn the_cast_is_where_it_is_said_to_be() {
        assert_eq!(CAST[KIOSK].role, Role::Kiosk);
        assert_eq!(CAST[LOBBY].role, Role::Tablet);
        assert!(CAST.iter().enumerate().all(|(i, d)| d.index() == i));
    }
}
