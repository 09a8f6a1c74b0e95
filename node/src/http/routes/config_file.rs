//! The branch's configuration as one file.
//!
//! The file is made to be mailed and kept: it holds neither PINs (not even their hashes, which a short PIN does not
//! survive) nor the secrets of webhooks. What is imported keeps the PINs and secrets that are here; new staff come in
//! disabled until somebody gives them a PIN.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};
use branchmesh_model::command::Ordinary;
use branchmesh_model::config::{Config, Difference, SECTIONS, Staff, StaffRole, differences};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{ordinary, staff};
use crate::handle::Snapshot;
use crate::http::dto::Clockwork;
use crate::http::extract::{Filters, JsonBody, Key};
use crate::http::problem::Problem;
use crate::http::who::Who;
use crate::http::{Api, ApiState};

/// What the first line of a file says; another number is another layout.
const FORMAT: &str = "branchmesh-config/1";
/// Largest file, in bytes: every section at its bound.
const MAX_FILE_BYTES: usize = 2 << 20;
const CONFIGURE: &[StaffRole] = &[StaffRole::BranchHead, StaffRole::Admin];

/// A staff member in a file, without a PIN.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffInFile)]
pub(crate) struct StaffEntry {
    /// Sign-in name.
    id: String,
    /// What people read.
    name: String,
    /// `teller`, `lobby_manager`, `wealth_manager`, `branch_head`, `admin`.
    #[schema(value_type = Vec<String>)]
    roles: Vec<StaffRole>,
    /// Whether they cannot sign in.
    #[serde(default)]
    disabled: bool,
}

impl From<&Staff> for StaffEntry {
    fn from(staff: &Staff) -> Self {
        Self { id: staff.id.clone(), name: staff.name.clone(), roles: staff.roles.clone(), disabled: staff.disabled }
    }
}

/// A configuration file.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConfigFile)]
pub(crate) struct ConfigFile {
    /// `branchmesh-config/1`.
    format: String,
    /// Where it comes from; not read.
    #[serde(default)]
    branch: String,
    /// When it was made; not read.
    #[serde(default)]
    exported_at: String,
    /// Sections by name, each as `PUT /config/{section}` takes it; those that are not named stay as they are.
    #[serde(default)]
    #[schema(value_type = Object)]
    sections: Map<String, Value>,
    /// Staff members; those that are not named stay as they are.
    #[serde(default)]
    staff: Vec<StaffEntry>,
}

/// The configuration as one file; an admin's holds the staff and webhooks too, nobody's holds PINs or secrets.
#[utoipa::path(
    get, path = "/api/v1/config/export", tag = "configuration", operation_id = "export_config",
    responses((status = 200, body = ConfigFile, description = "The file"))
)]
pub(crate) async fn export(
    State(api): State<ApiState>,
    who: Who,
) -> Result<([(HeaderName, String); 1], Json<ConfigFile>), Problem> {
    who.need_role(CONFIGURE)?;
    let snapshot = api.handle.snapshot();
    let admin = who.caller.roles.contains(&StaffRole::Admin);
    let name = format!("attachment; filename=\"branchmesh-config-{}.json\"", snapshot.date);
    Ok(([(header::CONTENT_DISPOSITION, name)], Json(file(&api, &snapshot, admin))))
}

fn file(api: &Api, snapshot: &Snapshot, admin: bool) -> ConfigFile {
    let config = &snapshot.config;
    let section = |name: &&str| Some(((*name).to_owned(), shown(config, name)?));
    let sections = SECTIONS.iter().filter(|name| admin || **name != "webhooks").filter_map(section).collect();
    ConfigFile {
        format: FORMAT.into(),
        branch: config.branch.name.clone(),
        exported_at: Clockwork::new(snapshot, api.now()).text(api.now()),
        sections,
        staff: if admin { config.staff.values().map(StaffEntry::from).collect() } else { vec![] },
    }
}

/// A section as a file and its differences show it.
fn shown(config: &Config, name: &str) -> Option<Value> {
    let mut section = config.section(name)?;
    for hook in section.as_array_mut().into_iter().flatten().filter(|_| name == "webhooks") {
        hook.as_object_mut().and_then(|fields| fields.remove("secret"));
    }
    Some(section)
}

/// What an import changed, or would change.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportResult)]
pub(crate) struct ImportDto {
    /// Whether nothing was changed because only the differences were asked for.
    dry_run: bool,
    /// Every place that differs; empty if the file says what is here already.
    #[schema(value_type = Vec<Object>)]
    differences: Vec<Difference>,
    /// Staff who came in disabled: they need a PIN (`PATCH /staff/{id}`) before they can sign in.
    need_pin: Vec<String>,
}

/// Takes over a file: checked whole, refused whole. With `dry_run=true` it only tells the differences.
#[utoipa::path(
    post, path = "/api/v1/config/import", tag = "configuration", operation_id = "import_config",
    request_body = ConfigFile,
    params(("dry_run" = Option<bool>, Query, description = "Only check, and tell the differences")),
    responses((status = 200, body = ImportDto, description = "What was changed, or would be"))
)]
pub(crate) async fn import(
    State(api): State<ApiState>,
    who: Who,
    key: Key,
    filters: Filters,
    JsonBody(file): JsonBody<ConfigFile, MAX_FILE_BYTES>,
) -> Result<Json<ImportDto>, Problem> {
    let dry_run = filters.only(&["dry_run"])?.parsed("dry_run", "true or false")?.unwrap_or(false);
    let needs_admin = !file.staff.is_empty() || file.sections.contains_key("webhooks");
    who.need_role(if needs_admin { &[StaffRole::Admin] } else { CONFIGURE })?;
    if file.format != FORMAT {
        return Err(Problem::invalid("format", format!("{FORMAT} is expected")));
    }
    let before = api.handle.snapshot();
    let (staff, need_pin) = staff_of(&api, &before.config, file.staff).await?;
    let after = before.config.with_sections(&file.sections)?.with_staff(&staff)?;
    let differences = compared(&before.config, &after, &file.sections);
    if !dry_run {
        ordinary(&api, who, key, Ordinary::ImportConfig { sections: file.sections, staff }).await?;
    }
    Ok(Json(ImportDto { dry_run, differences, need_pin }))
}

/// The staff of a file with the PINs they have here; whoever is new gets none that anybody knows.
async fn staff_of(api: &Api, config: &Config, entries: Vec<StaffEntry>) -> Result<(Vec<Staff>, Vec<String>), Problem> {
    let mut members = vec![];
    let mut need_pin = vec![];
    let mut nobodys_pin = None;
    for StaffEntry { id, name, roles, disabled } in entries {
        staff::check_id(&id)?;
        let present = config.staff.get(&id);
        let pin_hash = match (present, &nobodys_pin) {
            (Some(present), _) => present.pin_hash.clone(),
            (None, Some(hash)) => String::clone(hash),
            (None, None) => nobodys_pin.insert(staff::hash(api, uuid::Uuid::new_v4().to_string()).await).clone(),
        };
        if present.is_none() {
            need_pin.push(id.clone());
        }
        let disabled = disabled || present.is_none();
        members.push(Staff { id, name, roles: staff::sorted(roles), pin_hash, disabled });
    }
    Ok((members, need_pin))
}

fn compared(before: &Config, after: &Config, sections: &Map<String, Value>) -> Vec<Difference> {
    let section = |config: &Config, name: &str| shown(config, name).unwrap_or_default();
    let staff = |config: &Config| json!(config.staff.values().map(StaffEntry::from).collect::<Vec<_>>());
    let of_sections = sections.keys().flat_map(|n| differences(n, &section(before, n), &section(after, n)));
    of_sections.chain(differences("staff", &staff(before), &staff(after))).collect()
}
