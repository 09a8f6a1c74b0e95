//! Founding a branch: its first device, configuration and sign-in.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};
use branchmesh_model::config::{Founder, Staff, StaffRole, founding};
use branchmesh_model::document::Actor;
use branchmesh_model::ids::{BranchId, CounterNo, DeviceId};
use branchmesh_model::roster::{Enrolment, Roster};
use branchmesh_model::schema::{DocId, Role};

use super::identity::IdentityFile;
use crate::driver::wall_clock;
use crate::http::pin;
use crate::replication::documents::Documents;
use crate::replication::trust::Signer;
use crate::storage::{DeviceKey, Opened, Store, StoreOptions};

/// What a new branch starts with.
#[derive(Clone, Debug)]
pub struct FoundOptions {
    /// Data folder of this device; made if it is missing.
    pub data: PathBuf,
    /// The branch's name.
    pub branch: String,
    /// Role of this device.
    pub role: Role,
    /// Name of this device.
    pub name: String,
    /// The counter it stands at.
    pub counter: Option<CounterNo>,
    /// Sections of the configuration by name; what is missing has its default.
    pub config: Option<serde_json::Value>,
    /// PIN of the first staff member; drawn if none is given.
    pub manager_pin: Option<String>,
}

/// A branch was founded.
#[derive(Clone, Debug)]
pub struct Founded {
    /// The branch.
    pub branch: BranchId,
    /// This device, its first admin.
    pub device: DeviceId,
    /// Sign-in name of the first staff member.
    pub manager_id: String,
    /// Their PIN, shown this once.
    pub manager_pin: String,
}

/// Founds a branch in an empty data folder; this device is its first admin.
///
/// # Errors
/// If the folder holds a device already or cannot be written, or the configuration is refused.
pub fn found(options: FoundOptions) -> Result<Founded> {
    if IdentityFile::exists(&options.data) {
        bail!("{} holds a device of a branch already; choose an empty folder", options.data.display());
    }
    let pin = options.manager_pin.clone().unwrap_or_else(|| format!("{:06}", rand::random_range(0..1_000_000)));
    if let Some(weakness) = pin::weakness(&pin) {
        bail!("the manager's PIN cannot be used: {weakness}");
    }
    let manager = Staff {
        id: "manager".into(),
        name: "Manager".into(),
        roles: vec![
            StaffRole::Teller,
            StaffRole::LobbyManager,
            StaffRole::WealthManager,
            StaffRole::BranchHead,
            StaffRole::Admin,
        ],
        pin_hash: pin::hash(&pin),
        disabled: false,
    };
    // A folder of a failed attempt keeps its key.
    let key = match DeviceKey::load(&options.data)? {
        Some(key) => key,
        None => DeviceKey::create(&options.data)?,
    };
    let device = key.device();
    let enrolment = Enrolment {
        device,
        role: options.role,
        name: options.name.clone(),
        counter: options.counter,
        lane: Roster::fold(device, &std::collections::BTreeMap::new()).0.next_lane(&device),
        at: wall_clock(),
        by: device,
    };
    let founder = Founder { branch_name: options.branch.clone(), enrolment, manager };
    write_founding(&options, &key, &founder)?;
    let identity = IdentityFile {
        branch: device,
        role: options.role,
        name: options.name,
        counter: options.counter,
        known: std::collections::BTreeMap::new(),
    };
    identity.write(&options.data)?;
    Ok(Founded { branch: device, device, manager_id: founder.manager.id, manager_pin: pin })
}

fn write_founding(options: &FoundOptions, key: &DeviceKey, founder: &Founder) -> Result<()> {
    let writes = founding(founder, options.config.clone())?;
    let store = match Store::open(&options.data, &StoreOptions::default())? {
        Opened::Ready(store) => Arc::new(store),
        Opened::Damaged { reason } => bail!("the folder's database is damaged ({reason}); choose an empty folder"),
    };
    let signer = Signer::new(&key.secret(), key.device());
    let mut documents = Documents::open(store.clone(), Actor::new(&key.device(), rand::random()))?;
    let mut ops = Vec::new();
    for doc in [DocId::roster(), DocId::config()] {
        let facts: Vec<(String, String)> =
            writes.iter().filter(|w| w.doc == doc).map(|w| (w.key.clone(), w.value.clone())).collect();
        documents.write(&doc, &facts, wall_clock(), &signer, &mut ops)?;
    }
    documents.settle(&mut ops);
    store.commit(&ops)?;
    Ok(())
}
