//! How the durable state lies in the store: small key-value rows that sort by kind, epoch and position, one row a log record.
//!
//! A key is one kind letter, then (for what belongs to an epoch) height, creator, generation and count, all big-endian:
//! `a` epoch, `b` promise, `c` acceptance, `d` commit length, `e` close, `l` log record (plus its index), `n` counters, `r`
//! answers (plus the command's text).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::durable::{Durable, Held, Op, Saved};
use super::epoch::{Ballot, Close, Epoch, Record};
use crate::ids::{CommandId, DeviceId, EpochId, RecordId, VoterId};

/// A row of the store: a key and its value, or none to delete it.
pub type Row = (Vec<u8>, Option<Vec<u8>>);

/// The stewardship rows of the store cannot be read. Forgotten promises are dangerous, so the node must not vote with
/// them: set the store aside and join again under a new generation.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("stewardship row {key}: {problem}")]
pub struct DamagedState {
    /// The row's key, as hexadecimal digits.
    pub key: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

const EPOCH: u8 = b'a';
const PROMISE: u8 = b'b';
const ACCEPTANCE: u8 = b'c';
const COMMIT: u8 = b'd';
const CLOSE: u8 = b'e';
const LOG: u8 = b'l';
const COUNTER: u8 = b'n';
const ANSWER: u8 = b'r';
const EPOCH_KEY_BYTES: usize = 1 + 4 + 32 + 4 + 4;

impl Op {
    /// The rows to write for this change.
    pub fn rows(&self) -> Vec<Row> {
        match self {
            Self::Epoch(epoch) => vec![put(key(EPOCH, &epoch.id), &*epoch.members)],
            Self::Promise(id, ballot) => vec![put(key(PROMISE, id), ballot)],
            Self::Accept(id, ballot, close) => {
                vec![put(key(PROMISE, id), ballot), put(key(ACCEPTANCE, id), &(ballot, close))]
            }
            Self::Push(place, record) => vec![put(log_key(place), record)],
            Self::Commit(id, n) => vec![put(key(COMMIT, id), n)],
            Self::Close { epoch, close, had } => {
                let void = (close.len..*had).map(|index| (log_key(&RecordId { epoch: *epoch, index: index + 1 }), None));
                std::iter::once(put(key(CLOSE, epoch), close)).chain(void).collect()
            }
            Self::Created(n) => vec![put(counter_key("created"), n)],
            Self::Ballots(n) => vec![put(counter_key("ballots"), n)],
            Self::Floor(height) => vec![put(counter_key("floor"), height)],
            Self::Drop { epoch, had } => {
                let kinds = [EPOCH, PROMISE, ACCEPTANCE, COMMIT, CLOSE].map(|kind| (key(kind, epoch), None));
                let log = (0..*had).map(|index| (log_key(&RecordId { epoch: *epoch, index: index + 1 }), None));
                kinds.into_iter().chain(log).collect()
            }
            Self::Answer(cmd, saved) => vec![put(answer_key(cmd), &(saved.record, &saved.body))],
            Self::Forget(cmd) => vec![(answer_key(cmd), None)],
        }
    }
}

impl Durable {
    /// Reads the state back from its rows, in any order. Fails if a row is damaged or rows are missing that must be there.
    pub fn from_rows(rows: impl Iterator<Item = (Vec<u8>, Vec<u8>)>) -> Result<Self, DamagedState> {
        let mut durable = Self::default();
        // Sorted, an epoch comes before all that belongs to it, and a log in its order.
        for (key, value) in rows.collect::<BTreeMap<_, _>>() {
            durable.read(&key, &value).map_err(|problem| damaged(&key, problem))?;
        }
        for held in durable.epochs.values_mut() {
            if let Some(close) = &held.close {
                held.commit = held.commit.min(close.len);
            }
            if held.len() < held.commit {
                return Err(damaged(&self::key(COMMIT, &held.epoch.id), "log records are missing"));
            }
        }
        Ok(durable)
    }

    fn read(&mut self, key: &[u8], value: &[u8]) -> Result<(), &'static str> {
        match key.first() {
            Some(&EPOCH) => {
                let members: BTreeSet<VoterId> = get(value)?;
                let id = parse_epoch(key)?;
                self.epochs.insert(id, Held::new(Epoch { id, members: Arc::new(members) }));
            }
            Some(&PROMISE) => self.held(key)?.promised = Some(get(value)?),
            Some(&ACCEPTANCE) => self.held(key)?.accepted = Some(get::<(Ballot, Close)>(value)?),
            Some(&COMMIT) => self.held(key)?.commit = get(value)?,
            Some(&CLOSE) => self.held(key)?.close = Some(get(value)?),
            Some(&LOG) => self.read_log(key, value)?,
            Some(&COUNTER) => match &key[1..] {
                b"created" => self.created = get(value)?,
                b"ballots" => self.ballots = get(value)?,
                b"floor" => self.floor = get(value)?,
                _ => return Err("unknown counter"),
            },
            Some(&ANSWER) => {
                let text = String::from_utf8(key[1..].to_vec()).map_err(|_| "command is not text")?;
                let cmd = CommandId::try_from(text).map_err(|_| "command is not valid")?;
                let (record, body) = get(value)?;
                self.answers.insert(cmd, Saved { record, body });
            }
            _ => return Err("unknown kind"),
        }
        Ok(())
    }

    fn held(&mut self, key: &[u8]) -> Result<&mut Held, &'static str> {
        let id = parse_epoch(key)?;
        self.epochs.get_mut(&id).ok_or("its epoch is missing")
    }

    fn read_log(&mut self, key: &[u8], value: &[u8]) -> Result<(), &'static str> {
        let (epoch, index) = key.split_at_checked(EPOCH_KEY_BYTES).ok_or("key has the wrong length")?;
        let index = u32::from_be_bytes(index.try_into().map_err(|_| "key has the wrong length")?);
        let record: Record = get(value)?;
        let held = self.held(epoch)?;
        if index != held.len() + 1 {
            return Err("a log record before it is missing");
        }
        held.log.push(record);
        Ok(())
    }
}

fn put(key: Vec<u8>, value: &impl Serialize) -> Row {
    let bytes = postcard::to_stdvec(value).expect("plain data always encodes to memory");
    (key, Some(bytes))
}

fn get<T: DeserializeOwned>(value: &[u8]) -> Result<T, &'static str> {
    postcard::from_bytes(value).map_err(|_| "value cannot be decoded")
}

fn damaged(key: &[u8], problem: &'static str) -> DamagedState {
    DamagedState { key: key.iter().map(|byte| format!("{byte:02x}")).collect(), problem }
}

fn key(kind: u8, id: &EpochId) -> Vec<u8> {
    let mut key = Vec::with_capacity(EPOCH_KEY_BYTES + 4);
    key.push(kind);
    key.extend_from_slice(&id.height.to_be_bytes());
    key.extend_from_slice(&id.creator.device.0);
    key.extend_from_slice(&id.creator.generation.to_be_bytes());
    key.extend_from_slice(&id.n.to_be_bytes());
    key
}

fn log_key(place: &RecordId) -> Vec<u8> {
    let mut key = key(LOG, &place.epoch);
    key.extend_from_slice(&place.index.to_be_bytes());
    key
}

fn counter_key(name: &str) -> Vec<u8> {
    [&[COUNTER], name.as_bytes()].concat()
}

fn answer_key(cmd: &CommandId) -> Vec<u8> {
    [&[ANSWER], cmd.as_str().as_bytes()].concat()
}

fn parse_epoch(key: &[u8]) -> Result<EpochId, &'static str> {
    if key.len() != EPOCH_KEY_BYTES {
        return Err("key has the wrong length");
    }
    let number = |at: usize| u32::from_be_bytes(key[at..at + 4].try_into().expect("four bytes"));
    let device = DeviceId(key[5..37].try_into().expect("thirty-two bytes"));
    Ok(EpochId { height: number(1), creator: VoterId { device, generation: number(37) }, n: number(41) })
}
