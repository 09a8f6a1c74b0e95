//! What staff should see to, and how the printers are.

use branchmesh_model::view::reminders::{About, Reminder};
use serde::Serialize;
use utoipa::ToSchema;

use super::{ActorDto, Clockwork};
use crate::handle::Snapshot;

/// Something to see to.
#[derive(Serialize, ToSchema, Clone, Debug)]
#[schema(as = Reminder)]
pub(crate) struct ReminderDto {
    /// Its id, the same on every node.
    pub(crate) id: String,
    /// `assistance`, `over_wait` or `printer`.
    pub(crate) kind: &'static str,
    /// When it was raised.
    pub(crate) raised_at: String,
    /// Where it was raised; for `printer` the device whose printer it is, for `over_wait` this device.
    pub(crate) device: String,
    /// That device's name.
    pub(crate) device_name: String,
    /// Who called, for `assistance`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) staff: Option<String>,
    /// The counter that needs help, for `assistance`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) counter: Option<u8>,
    /// What for, for `assistance`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// The ticket, for `over_wait`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ticket: Option<String>,
    /// Its number, for `over_wait`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) number: Option<String>,
    /// The service it waits for, for `over_wait`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) service: Option<String>,
    /// How long the customer has waited, seconds, for `over_wait`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) wait_s: Option<u32>,
    /// How the printer is, for `printer`: `paper_low`, `paper_out`, `failed` or `offline`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<&'static str>,
    /// Who has seen to it; absent until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) acknowledged: Option<ActorDto>,
}

impl ReminderDto {
    pub(crate) fn new(reminder: &Reminder, snapshot: &Snapshot, clock: &Clockwork) -> Self {
        let by = &reminder.raised;
        let mut dto = Self {
            id: reminder.id.to_string(),
            kind: reminder.about.kind(),
            raised_at: clock.text(by.at),
            device: by.device.to_string(),
            device_name: device_name(snapshot, &by.device),
            staff: by.staff.clone(),
            counter: None,
            reason: None,
            ticket: None,
            number: None,
            service: None,
            wait_s: None,
            state: None,
            acknowledged: reminder.acknowledged.as_ref().map(|by| ActorDto::new(by, clock)),
        };
        match &reminder.about {
            About::Assistance { counter, reason } => {
                dto.counter = *counter;
                dto.reason.clone_from(reason);
            }
            About::OverWait { ticket, number, service, since } => {
                dto.ticket = Some(ticket.to_string());
                dto.number = Some(number.to_string());
                dto.service = Some(service.clone());
                dto.wait_s = Some(clock.now.seconds_since(*since));
            }
            About::Printer { state, .. } => dto.state = Some(state.as_str()),
        }
        dto
    }
}

/// A device's name, or the beginning of its id while its enrolment is not here.
fn device_name(snapshot: &Snapshot, device: &branchmesh_model::ids::DeviceId) -> String {
    snapshot.roster.devices.get(device).map_or_else(|| device.short(), |d| d.enrolment.name.clone())
}

/// What staff should see to.
#[derive(Serialize, ToSchema)]
#[schema(as = Reminders)]
pub(crate) struct RemindersDto {
    /// What nobody has seen to first, the newest of it first.
    pub(crate) reminders: Vec<ReminderDto>,
}

/// A device's ticket printer.
#[derive(Serialize, ToSchema, Clone, Debug)]
#[schema(as = Printer)]
pub(crate) struct PrinterDto {
    /// The device it is at.
    pub(crate) device: String,
    /// That device's name.
    pub(crate) device_name: String,
    /// `ok`, `paper_low`, `paper_out`, `failed` or `offline`.
    pub(crate) state: &'static str,
    /// Since when.
    pub(crate) since: String,
}

/// The printers of the business day, by device.
pub(crate) fn printers(snapshot: &Snapshot, clock: &Clockwork) -> Vec<PrinterDto> {
    let printers = snapshot.today().printers.iter().map(|(device, printer)| PrinterDto {
        device: device.to_string(),
        device_name: device_name(snapshot, device),
        state: printer.state.as_str(),
        since: clock.text(printer.by.at),
    });
    printers.collect()
}
