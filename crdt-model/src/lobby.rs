//! What happens in the lobby beside tickets: calls for assistance, and how the printers are. Numbers and states only.

use serde::{Deserialize, Serialize};

use crate::ids::{CommandId, CounterNo};
use crate::ticket::Actor;

/// Somebody called for the lobby manager; its key is `a:{command}`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AssistanceFact {
    /// The command that asked for it.
    pub cmd: CommandId,
    /// Who called, and from where.
    pub by: Actor,
    /// The counter that needs help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter: Option<CounterNo>,
    /// What for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A device's ticket printer came into another state; its key is `p:{device}:{seq}`, and the highest `seq` counts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PrinterFact {
    /// The device it is at, which is the only one that writes this.
    pub by: Actor,
    /// One more than the last of this device and day.
    pub seq: u32,
    /// The state.
    pub state: PrinterState,
}

/// States of a ticket printer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrinterState {
    /// It prints.
    Ok,
    /// It prints, and the paper ends soon.
    PaperLow,
    /// No paper: slips wait.
    PaperOut,
    /// It reports a fault, such as an open cover: slips wait.
    Failed,
    /// It cannot be reached: slips wait.
    Offline,
}

impl PrinterState {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::PaperLow => "paper_low",
            Self::PaperOut => "paper_out",
            Self::Failed => "failed",
            Self::Offline => "offline",
        }
    }
}
