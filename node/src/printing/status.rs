//! What a printer says of itself, asked with ESC/POS real-time requests.

use branchmesh_model::lobby::PrinterState;
use escpos::utils::{RealTimeStatusRequest, RealTimeStatusResponse};

/// The requests, in the order they are asked: each answer is one byte.
pub(super) const REQUESTS: [RealTimeStatusRequest; 3] =
    [RealTimeStatusRequest::OfflineCause, RealTimeStatusRequest::ErrorCause, RealTimeStatusRequest::RollPaperSensor];

/// The bytes of a request: `DLE EOT n`.
pub(super) fn request(what: RealTimeStatusRequest) -> [u8; 3] {
    let (n, _) = what.into();
    [0x10, 0x04, n]
}

/// Asks for the paper sensor once everything before it has been printed: `GS r 1`.
pub(super) const AFTER_PRINTING: [u8; 3] = [0x1d, 0x72, 1];

/// The state that the three answers tell; none if one of them is no status byte.
pub(super) fn state(answers: [u8; 3]) -> Option<PrinterState> {
    use RealTimeStatusResponse as R;
    let mut told = std::collections::HashMap::new();
    for (what, byte) in REQUESTS.into_iter().zip(answers) {
        told.extend(RealTimeStatusResponse::parse(what, byte).ok()?);
    }
    let is = |what: R| told.get(&what).copied().unwrap_or(false);
    Some(if is(R::PrintingStopsDueToPaperEnd) || !is(R::RollPaperEndSensorPaperPresent) {
        PrinterState::PaperOut
    } else if !is(R::CoverClosed)
        || is(R::ErrorOccurred)
        || is(R::AutocutterErrorOccurred)
        || is(R::UnrecoverableErrorOccurred)
    {
        PrinterState::Failed
    } else if !is(R::RollPaperNearEndSensorPaperAdequate) {
        PrinterState::PaperLow
    } else {
        PrinterState::Ok
    })
}

/// The state that the answer to [`AFTER_PRINTING`] tells.
pub(super) fn state_after_printing(answer: u8) -> PrinterState {
    match (answer & 0b1100 != 0, answer & 0b0011 != 0) {
        (true, _) => PrinterState::PaperOut,
        (false, true) => PrinterState::PaperLow,
        (false, false) => PrinterState::Ok,
    }
}
