//! The ticket printer at a device.

// Addresses as values; nothing here opens a socket.
use core::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::command::Rejection;

use super::check::require;

/// The port on which network printers take ESC/POS.
pub const PRINTER_PORT: u16 = 9100;

/// A ticket printer that speaks ESC/POS.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Printer {
    /// How it is reached.
    pub kind: PrinterKind,
    /// `network`: an IP address, with a port if it is not 9100. `device`: a file such as `/dev/usb/lp0`.
    pub address: String,
    /// Width of its paper, millimetres: 58 or 80.
    #[serde(default = "default_width")]
    pub width_mm: u8,
    /// What it can write.
    #[serde(default)]
    pub text: PrinterText,
}

fn default_width() -> u8 {
    80
}

/// How a printer is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrinterKind {
    /// Over the network (TCP).
    Network,
    /// Through a device file of this machine, as USB printers have one.
    Device,
}

/// What a printer can write.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrinterText {
    /// Chinese in GB 18030, as printers sold in China do.
    #[default]
    Gb18030,
    /// Plain ASCII only: slips are in English.
    Ascii,
}

impl Printer {
    /// The address of a network printer.
    pub fn socket(&self) -> Option<SocketAddr> {
        let whole = self.address.parse().ok();
        whole.or_else(|| Some(SocketAddr::new(self.address.parse::<IpAddr>().ok()?, PRINTER_PORT)))
    }

    /// # Errors
    /// [`Rejection::Invalid`] with the place of the first mistake.
    pub(super) fn check(&self) -> Result<(), Rejection> {
        let width_ok = [58, 80].contains(&self.width_mm);
        require(width_ok, "printer.width_mm", || "58 or 80 millimetres are expected".into())?;
        let (ok, rule) = match self.kind {
            PrinterKind::Network => {
                (self.socket().is_some(), "an IP address is expected, with a port if it is not 9100")
            }
            PrinterKind::Device => (is_device_file(&self.address), "a device file such as /dev/usb/lp0 is expected"),
        };
        require(ok, "printer.address", || rule.into())
    }
}

/// Settings come over the network, so they may name devices only, never any file of the machine.
fn is_device_file(path: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty() && part != ".." && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
    };
    path.len() <= 100 && path.strip_prefix("/dev/").is_some_and(|rest| rest.split('/').all(plain))
}
