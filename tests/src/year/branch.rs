//! The branch of the simulated year: three devices, one thread, virtual time, a network that neither loses nor delays.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use branchmesh_model::command::{Ask, Caller, Command, Done, Rejection};
use branchmesh_model::config::StaffRole;
use branchmesh_model::ids::{BranchId, CommandId, TicketId};
use branchmesh_model::schema::Role;
use branchmesh_model::time::UnixMs;
use branchmesh_model::visit::Told;
use branchmesh_node::node::{FoundOptions, believed, found};
use branchmesh_node::replication::enrol::{Invitation, JoinReply, JoinRequest};
use branchmesh_node::replication::frame::Hello;
use branchmesh_node::replication::hub::HandOver;
use branchmesh_node::replication::input::{Effects, Input, Now, Reply, ReplyId};
use branchmesh_node::storage::{DeviceKey, Store};

use super::device::{Device, Process, StartTime};

/// The founder: the device of counter 1.
pub(super) const FIRST: usize = 0;
/// The device of counter 2.
pub(super) const SECOND: usize = 1;
/// Where customers take tickets.
pub(super) const KIOSK: usize = 2;
/// Between two ticks of the hubs.
const TICK_MS: u64 = 100;
/// The same when nothing happens: often enough that nobody falls silent.
const IDLE_TICK_MS: u64 = 300;
/// Longest virtual wait for an answer.
const PATIENCE_MS: u64 = 20_000;

/// The branch.
pub(super) struct Branch {
    /// Its devices.
    pub devices: Vec<Device>,
    branch: BranchId,
    now_ms: u64,
    /// Wall clock minus virtual time.
    wall: i64,
    replies: BTreeMap<ReplyId, Reply>,
    asked: ReplyId,
}

impl Branch {
    /// Founds a branch in `folder` and enrols its other devices by invitations; all of them run.
    pub(super) fn found(folder: &Path, wall: UnixMs, keep_days: u16) -> Result<Self> {
        let data = folder.join("counter1");
        let founded = found(FoundOptions {
            data: data.clone(),
            branch: "Year".into(),
            role: Role::Counter,
            name: "counter1".into(),
            counter: Some(1),
            config: Some(serde_json::json!({ "thresholds": { "keep_days": keep_days } })),
            manager_pin: None,
        })?;
        let devices = vec![Device::new(&data, Role::Counter)?];
        let (branch, replies) = (founded.branch, BTreeMap::new());
        let mut all = Self { devices, branch, now_ms: 0, wall: wall.0, replies, asked: 0 };
        all.start(FIRST)?;
        all.pass(10_000)?;
        all.enrol(folder, "counter2", Role::Counter, Some(2))?;
        all.enrol(folder, "kiosk", Role::Kiosk, None)?;
        Ok(all)
    }

    fn enrol(&mut self, folder: &Path, name: &str, role: Role, counter: Option<u8>) -> Result<()> {
        let ttl = Duration::from_secs(600);
        let (secret, addresses) = (rand::random(), Vec::new());
        let invite = |reply| Input::Invite { reply, role, name: name.into(), counter, ttl, secret, addresses };
        let Reply::Invited(invited) = self.ask(FIRST, invite)? else { anyhow::bail!("an answer to something else") };
        let invitation = Invitation::from_text(&invited.map_err(|r| anyhow!("{r}"))?.text)?;
        let data = folder.join(name);
        let device = DeviceKey::create(&data)?.device();
        let request = JoinRequest { secret: invitation.secret };
        let Reply::Joined(bytes) = self.ask(FIRST, |reply| Input::Join { reply, device, request })? else {
            anyhow::bail!("an answer to something else")
        };
        let JoinReply::Welcome(welcome) = postcard::from_bytes(&bytes)? else { anyhow::bail!("{name} is not let in") };
        let guest = Device::new(&data, role)?;
        let store = guest.open()?;
        store.commit(&believed(&store, device, self.branch, &welcome, rand::random())?)?;
        drop(store);
        self.devices.push(guest);
        self.start(self.devices.len() - 1)?;
        self.pass(10_000)
    }

    /// Starts a device, which connects with all that run.
    pub(super) fn start(&mut self, index: usize) -> Result<StartTime> {
        let now = Now { mono_ms: 0, wall: self.wall() };
        let (time, effects) = self.devices[index].start(self.branch, self.now_ms, now)?;
        self.release(index, vec![effects])?;
        let others: Vec<usize> = self.up().into_iter().filter(|other| *other != index).collect();
        for other in others {
            for (me, peer) in [(index, other), (other, index)] {
                let hello = Hello { branch: self.branch, generation: 0, addresses: vec![] };
                let peer = self.devices[peer].device;
                self.tell(me, Input::PeerUp { peer, hello, address: None });
            }
        }
        self.pump()?;
        Ok(time)
    }

    /// All devices say goodbye and are switched off.
    pub(super) fn stop_all(&mut self) -> Result<()> {
        self.up().into_iter().for_each(|index| self.tell(index, Input::Leave));
        self.pass(3_500)?;
        self.devices.iter_mut().for_each(|device| device.process = None);
        Ok(())
    }

    /// The wall clocks of all devices go to `wall`: they slept, or were off.
    pub(super) fn set_wall(&mut self, wall: UnixMs) {
        self.wall = wall.0 - self.now_ms as i64;
    }

    fn wall(&self) -> UnixMs {
        UnixMs(self.wall + self.now_ms as i64)
    }

    fn up(&self) -> Vec<usize> {
        (0..self.devices.len()).filter(|i| self.devices[*i].process.is_some()).collect()
    }

    fn now(&self, index: usize) -> Now {
        let since = self.devices[index].process.as_ref().map_or(self.now_ms, |p| p.since);
        Now { mono_ms: self.now_ms - since, wall: self.wall() }
    }

    fn tell(&mut self, index: usize, input: Input) {
        if let Some(process) = &mut self.devices[index].process {
            process.inbox.push_back(input);
        }
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, ms: u64) -> Result<()> {
        self.pass_in(ms, TICK_MS)
    }

    /// Lets time pass in which nobody asks for anything.
    pub(super) fn idle(&mut self, ms: u64) -> Result<()> {
        self.pass_in(ms, IDLE_TICK_MS)
    }

    fn pass_in(&mut self, ms: u64, tick_ms: u64) -> Result<()> {
        for _ in 0..ms.div_ceil(tick_ms) {
            self.now_ms += tick_ms;
            self.up().into_iter().for_each(|index| self.tell(index, Input::Tick));
            self.pump()?;
        }
        Ok(())
    }

    /// Every device handles what it was told, until nobody has anything more to say.
    fn pump(&mut self) -> Result<()> {
        loop {
            let mut quiet = true;
            for index in self.up() {
                let now = self.now(index);
                let process = self.devices[index].process.as_mut().context("it runs")?;
                if process.inbox.is_empty() {
                    continue;
                }
                quiet = false;
                let inputs: Vec<Input> = process.inbox.drain(..).collect();
                let effects = process.hub.handle_all(now, inputs);
                self.release(index, effects)?;
            }
            if quiet {
                return Ok(());
            }
        }
    }

    /// Disk first, then network and answers, as the shipping driver does.
    fn release(&mut self, index: usize, mut effects: Vec<Effects>) -> Result<()> {
        let process = self.devices[index].process.as_mut().context("it runs")?;
        process.commit(&mut effects)?;
        let from = self.devices[index].device;
        for fx in effects {
            for out in fx.send {
                if let Some(to) = self.devices.iter().position(|d| d.device == out.to) {
                    self.tell(to, Input::Frame { peer: from, frame: out.frame });
                }
            }
            self.replies.extend(fx.replies);
            fx.again.into_iter().for_each(|input| self.tell(index, input));
        }
        Ok(())
    }

    fn ask(&mut self, index: usize, input: impl FnOnce(ReplyId) -> Input) -> Result<Reply> {
        self.asked += 1;
        let asked = self.asked;
        self.tell(index, input(asked));
        self.pump()?;
        let until = self.now_ms + PATIENCE_MS;
        while !self.replies.contains_key(&asked) {
            ensure!(self.now_ms < until, "no answer within {PATIENCE_MS} ms");
            self.pass(TICK_MS)?;
        }
        self.replies.remove(&asked).context("it was just there")
    }

    fn caller(&self, index: usize) -> Caller {
        Caller {
            device: self.devices[index].device,
            device_role: Some(self.devices[index].role),
            staff: Some("manager".into()),
            roles: vec![StaffRole::Teller, StaffRole::LobbyManager, StaffRole::Admin],
        }
    }

    /// A command of the manager at a device.
    pub(super) fn command(&mut self, index: usize, ask: Ask) -> Result<Result<Done, Rejection>> {
        let command = Box::new(Command { id: new_id(), caller: self.caller(index), ask });
        match self.ask(index, |reply| Input::Command { reply, command })? {
            Reply::Command(result) => Ok(result),
            other => Err(anyhow!("an answer to something else: {other:?}")),
        }
    }

    /// A customer tells at the kiosk who they are.
    pub(super) fn identify(&mut self, ticket: TicketId) -> Result<()> {
        let told = Told { identity: Some("6222020200112233".into()), phone: None };
        let what = HandOver { ticket, cmd: new_id(), caller: self.caller(KIOSK), told, seed: rand::random() };
        match self.ask(KIOSK, |reply| Input::HandOver { reply, what: Box::new(what) })? {
            Reply::HandedOver(result) => result.map_err(|rejection| anyhow!("{rejection}")),
            other => Err(anyhow!("an answer to something else: {other:?}")),
        }
    }

    /// Does to every store what the shipping node does every minute.
    pub(super) fn maintain(&mut self) -> Result<()> {
        for index in self.up() {
            let now = self.now(index);
            self.process(index)?.maintain(now)?;
        }
        Ok(())
    }

    fn process(&mut self, index: usize) -> Result<&mut Process> {
        self.devices[index].process.as_mut().context("it runs")
    }

    /// The store of a running device, and a picture of what its hub holds in memory.
    pub(super) fn look(&self, index: usize) -> Result<(Arc<Store>, branchmesh_node::handle::Snapshot)> {
        let process = self.devices[index].process.as_ref().context("it runs")?;
        Ok((process.store.clone(), process.hub.snapshot(self.now(index), 0)))
    }
}

fn new_id() -> CommandId {
    let id = data_encoding::HEXLOWER.encode(&rand::random::<[u8; 16]>());
    CommandId::try_from(id).expect("short plain text is a valid command id")
}
