//! The branch, its counters and settings, staff and sessions.

use branchmesh_model::config::{self, Staff};
use branchmesh_model::view::history::PastHours;
use branchmesh_model::view::{CounterState, CounterView};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Clockwork, GroupDto, KioskDto, ScreenDto, Text, VoiceDto, ZoneDto, screens};
use crate::handle::{Identity, Snapshot};
use crate::http::who::role_name;

/// What everybody may know of the branch.
#[derive(Serialize, ToSchema)]
#[schema(as = Branch)]
pub(crate) struct BranchDto {
    /// The branch's id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// The current business date.
    #[schema(example = "2026-11-21")]
    pub(crate) business_date: String,
    /// Its time zone; empty means the zone of each device.
    pub(crate) time_zone: String,
    /// Local time at which the business day changes.
    pub(crate) cut_off: String,
    /// Languages offered to customers, the default first.
    pub(crate) languages: Vec<String>,
    /// Its services.
    pub(crate) services: Vec<ServiceDto>,
    /// Service groups, the kiosk's first level, in order. A service of no group stands there itself.
    pub(crate) groups: Vec<GroupDto>,
    /// Its queues.
    pub(crate) queues: Vec<NamedDto>,
    /// Its counters.
    pub(crate) counters: Vec<CounterPlaceDto>,
    /// All business types, with the service they belong to.
    pub(crate) categories: Vec<CategoryDto>,
    /// Opening hours; empty means always open.
    pub(crate) hours: Vec<HoursDto>,
    /// Outcome codes that finish must name one of; empty asks for none.
    pub(crate) outcomes: Vec<String>,
    /// Pause reasons to choose from; empty allows any text.
    pub(crate) pause_reasons: Vec<String>,
    /// Wait in seconds the branch promises.
    pub(crate) service_level_s: u32,
    /// How the kiosk behaves.
    pub(crate) kiosk: KioskDto,
    /// How calls are spoken.
    pub(crate) voice: VoiceDto,
    /// Texts that run across composite screens, in turn.
    pub(crate) ticker: Vec<Text>,
    /// Its screens.
    pub(crate) screens: Vec<ScreenDto>,
    /// Its zones.
    pub(crate) zones: Vec<ZoneDto>,
    /// Local hours of the day, 0 to 23, that were quiet on past days; empty while nothing can be said.
    pub(crate) quiet_hours: Vec<u8>,
    /// Theme of devices that chose none: `light`, `dark` or `system`.
    pub(crate) theme: String,
    /// The device that answers.
    pub(crate) device: DeviceRefDto,
}

/// A service.
#[derive(Serialize, ToSchema)]
#[schema(as = Service)]
pub(crate) struct ServiceDto {
    /// Its id.
    pub(crate) id: String,
    /// Letter of its ticket numbers.
    #[schema(value_type = String)]
    pub(crate) prefix: char,
    /// What people read.
    pub(crate) name: Text,
    /// Service group on the kiosk's first level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<String>,
    /// The queue its tickets wait in.
    pub(crate) queue: String,
    /// Business types within it.
    pub(crate) categories: Vec<NamedDto>,
    /// Whether the kiosk offers it.
    pub(crate) enabled: bool,
}

/// Something with an id and a name.
#[derive(Serialize, ToSchema)]
#[schema(as = Named)]
pub(crate) struct NamedDto {
    /// Its id.
    pub(crate) id: String,
    /// What people read.
    pub(crate) name: Text,
}

/// A business type.
#[derive(Serialize, ToSchema)]
#[schema(as = Category)]
pub(crate) struct CategoryDto {
    /// Its id.
    pub(crate) id: String,
    /// The service it belongs to.
    pub(crate) service: String,
    /// What people read.
    pub(crate) name: Text,
}

/// Where a counter stands.
#[derive(Serialize, ToSchema)]
#[schema(as = CounterPlace)]
pub(crate) struct CounterPlaceDto {
    /// Its number.
    pub(crate) number: u8,
    /// What people read.
    pub(crate) name: Text,
    /// The zone it stands in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) zone: Option<String>,
}

/// Opening hours of one weekday, half-open.
#[derive(Serialize, ToSchema)]
#[schema(as = Hours)]
pub(crate) struct HoursDto {
    /// ISO weekday, 1 Monday to 7 Sunday.
    pub(crate) weekday: i8,
    /// Opens, local time.
    pub(crate) opens: String,
    /// Closes, local time.
    pub(crate) closes: String,
}

/// A device, named.
#[derive(Serialize, ToSchema)]
#[schema(as = DeviceRef)]
pub(crate) struct DeviceRefDto {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Its role.
    pub(crate) role: &'static str,
    /// The counter it stands at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) counter: Option<u8>,
}

impl From<&Identity> for DeviceRefDto {
    fn from(identity: &Identity) -> Self {
        Self {
            id: identity.device.to_string(),
            name: identity.name.clone(),
            role: identity.role.as_str(),
            counter: identity.counter,
        }
    }
}

impl BranchDto {
    pub(crate) fn new(snapshot: &Snapshot, identity: &Identity, past: &PastHours) -> Self {
        let config = &*snapshot.config;
        let branch = &config.branch;
        let hours = config.hours.iter().map(|h| HoursDto {
            weekday: h.weekday,
            opens: h.opens.to_string(),
            closes: h.closes.to_string(),
        });
        let categories = config.services.iter().flat_map(|s| {
            s.categories.iter().map(|c| CategoryDto { id: c.id.clone(), service: s.id.clone(), name: (&c.name).into() })
        });
        Self {
            id: identity.branch.to_string(),
            name: branch.name.clone(),
            business_date: snapshot.date.to_string(),
            time_zone: branch.time_zone.clone(),
            cut_off: branch.cut_off.to_string(),
            languages: branch.languages.clone(),
            services: config.services.iter().map(service).collect(),
            groups: screens::groups(config),
            queues: config.queues.iter().map(|q| NamedDto { id: q.id.clone(), name: (&q.name).into() }).collect(),
            counters: config.counters.iter().map(place).collect(),
            categories: categories.collect(),
            hours: hours.collect(),
            outcomes: config.thresholds.outcomes.clone(),
            pause_reasons: config.thresholds.pause_reasons.clone(),
            service_level_s: config.thresholds.service_level_s,
            kiosk: (&config.kiosk).into(),
            voice: (&config.voice).into(),
            ticker: screens::ticker(config),
            screens: screens::screens(config),
            zones: screens::zones(config),
            quiet_hours: if config.kiosk.peak_hints { past.quiet() } else { vec![] },
            theme: config.themes.default.clone(),
            device: identity.into(),
        }
    }
}

fn service(service: &config::Service) -> ServiceDto {
    let categories = service.categories.iter().map(|c| NamedDto { id: c.id.clone(), name: (&c.name).into() });
    ServiceDto {
        id: service.id.clone(),
        prefix: service.prefix,
        name: (&service.name).into(),
        group: service.group.clone(),
        queue: service.queue.clone(),
        categories: categories.collect(),
        enabled: service.enabled,
    }
}

fn place(counter: &config::Counter) -> CounterPlaceDto {
    CounterPlaceDto { number: counter.number, name: counter_name(counter), zone: counter.zone.clone() }
}

fn counter_name(counter: &config::Counter) -> Text {
    let or = |text: &str, default: String| if text.is_empty() { default } else { text.to_owned() };
    let number = counter.number;
    Text {
        zh: or(&counter.name.zh, format!("{number}号窗口")), en: or(&counter.name.en, format!("Counter {number}"))
    }
}

/// A counter as it is now.
#[derive(Serialize, ToSchema, Clone)]
#[schema(as = Counter)]
pub(crate) struct CounterDto {
    /// Its number.
    pub(crate) number: u8,
    /// What people read.
    pub(crate) name: Text,
    /// The zone it stands in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) zone: Option<String>,
    /// `closed`, `open` or `paused`.
    pub(crate) state: &'static str,
    /// Why it is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// Serves only these services, if it was opened so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) services: Option<Vec<String>>,
    /// The work profile in force.
    pub(crate) profile: String,
    /// Who opened it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) staff: Option<String>,
    /// Device that opened it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) device: Option<String>,
    /// Last change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<String>,
    /// The ticket that is called to it or served there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ticket: Option<String>,
    /// That ticket's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ticket_number: Option<String>,
}

impl CounterDto {
    pub(crate) fn new(place: &config::Counter, view: Option<&CounterView>, clock: &Clockwork) -> Self {
        let closed = CounterView::default();
        let view = view.unwrap_or(&closed);
        Self {
            number: place.number,
            name: counter_name(place),
            zone: place.zone.clone(),
            state: counter_state(view.state),
            reason: view.reason.clone(),
            services: view.services.clone(),
            profile: view.profile.clone().unwrap_or_else(|| place.profile.clone()),
            staff: view.staff.clone(),
            device: view.device.map(|d| d.to_string()),
            since: clock.maybe(view.since),
            ticket: None,
            ticket_number: None,
        }
    }

    /// What a public screen may show.
    pub(crate) fn public(mut self) -> Self {
        self.staff = None;
        self.device = None;
        self.reason = None;
        self
    }
}

/// A counter state's name in the API.
pub(crate) fn counter_state(state: CounterState) -> &'static str {
    match state {
        CounterState::Closed => "closed",
        CounterState::Open => "open",
        CounterState::Paused => "paused",
    }
}

/// All counters.
#[derive(Serialize, ToSchema)]
#[schema(as = Counters)]
pub(crate) struct CountersDto {
    /// By number.
    pub(crate) counters: Vec<CounterDto>,
}

/// A staff member, never with the PIN or its hash.
#[derive(Serialize, ToSchema, Clone, Debug)]
#[schema(as = Staff)]
pub(crate) struct StaffDto {
    /// Sign-in name.
    pub(crate) id: String,
    /// What people read.
    pub(crate) name: String,
    /// `teller`, `lobby_manager`, `wealth_manager`, `branch_head`, `admin`.
    pub(crate) roles: Vec<&'static str>,
    /// Disabled staff cannot sign in.
    pub(crate) disabled: bool,
}

impl From<&Staff> for StaffDto {
    fn from(staff: &Staff) -> Self {
        let roles = staff.roles.iter().map(|r| role_name(*r)).collect();
        Self { id: staff.id.clone(), name: staff.name.clone(), roles, disabled: staff.disabled }
    }
}

/// Who a staff id is.
#[derive(Serialize, ToSchema)]
#[schema(as = Colleague)]
pub(crate) struct ColleagueDto {
    /// The id.
    pub(crate) id: String,
    /// The name.
    pub(crate) name: String,
}

impl From<&Staff> for ColleagueDto {
    fn from(staff: &Staff) -> Self {
        Self { id: staff.id.clone(), name: staff.name.clone() }
    }
}

/// All staff.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffList)]
pub(crate) struct StaffListDto {
    /// By id.
    pub(crate) staff: Vec<StaffDto>,
}

/// A session.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionDto {
    /// The bearer token; only in the answer to signing in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// Who is signed in; null for a paired screen.
    pub(crate) staff: Option<StaffDto>,
    /// Role of a paired screen or of the device itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) device_role: Option<&'static str>,
    /// When it lapses.
    pub(crate) expires_at: String,
    /// Changes that prove the session by cookie send this in `X-Branchmesh-CSRF`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) csrf_token: Option<String>,
}

/// An open pairing code.
#[derive(Serialize, ToSchema)]
#[schema(as = Pairing)]
pub(crate) struct PairingDto {
    /// Six digits, one use.
    #[schema(example = "048213")]
    pub(crate) pairing_code: String,
    /// Role of the screen that uses it.
    pub(crate) role: &'static str,
    /// When it lapses.
    pub(crate) expires_at: String,
}
