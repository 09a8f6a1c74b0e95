//! Reaching a printer: over the network, or through a device file.

use std::time::Duration;

use branchmesh_model::config::{Printer, PrinterKind};
use branchmesh_model::lobby::PrinterState;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{device_file, status};

/// How long a printer may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(3);
/// How long it may take to answer a real-time request.
const ANSWER: Duration = Duration::from_secs(2);
/// How long it may take to print a slip.
const PRINT: Duration = Duration::from_secs(20);

/// Why a slip is not out: the state to tell staff.
type Printed = Result<PrinterState, PrinterState>;

/// How the printer is. A device file tells only whether it is there.
pub(super) async fn look(printer: &Printer) -> PrinterState {
    match printer.kind {
        PrinterKind::Network => match connect(printer).await {
            Ok(mut stream) => match ask(&mut stream).await {
                Ok(told) => told.unwrap_or(PrinterState::Ok),
                Err(state) => state,
            },
            Err(state) => state,
        },
        PrinterKind::Device => match tokio::fs::metadata(device_file(printer)).await {
            Ok(_) => PrinterState::Ok,
            Err(_) => PrinterState::Offline,
        },
    }
}

/// Prints one slip, all of it or, as far as the printer tells, nothing.
pub(super) async fn print(printer: &Printer, slip: &[u8]) -> Printed {
    match printer.kind {
        PrinterKind::Network => print_over_network(printer, slip).await,
        PrinterKind::Device => print_to_file(printer, slip).await,
    }
}

async fn print_over_network(printer: &Printer, slip: &[u8]) -> Printed {
    let mut stream = connect(printer).await?;
    let before = ask(&mut stream).await?;
    if let Some(state @ (PrinterState::PaperOut | PrinterState::Failed)) = before {
        return Err(state);
    }
    let sent = async {
        stream.write_all(slip).await?;
        stream.write_all(&status::AFTER_PRINTING).await?;
        stream.flush().await
    };
    match timeout(PRINT, sent).await {
        Ok(Ok(())) => {}
        Ok(Err(_)) | Err(_) => return Err(PrinterState::Offline),
    }
    if before.is_none() {
        // A printer that never answers can only be believed.
        return Ok(PrinterState::Ok);
    }
    match timeout(PRINT, stream.read_u8()).await {
        Ok(Ok(answer)) => match status::state_after_printing(answer) {
            PrinterState::PaperOut => Err(PrinterState::PaperOut),
            state => Ok(state),
        },
        Ok(Err(_)) => Err(PrinterState::Offline),
        Err(_) => Err(ask(&mut stream).await?.filter(|s| *s != PrinterState::Ok).unwrap_or(PrinterState::Failed)),
    }
}

async fn connect(printer: &Printer) -> Result<TcpStream, PrinterState> {
    let address = printer.socket().ok_or(PrinterState::Offline)?;
    match timeout(CONNECT, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(_)) | Err(_) => Err(PrinterState::Offline),
    }
}

/// What the printer says of itself; nothing if it does not speak. One that hangs up is offline.
async fn ask(stream: &mut TcpStream) -> Result<Option<PrinterState>, PrinterState> {
    let mut answers = [0; 3];
    for (what, answer) in status::REQUESTS.into_iter().zip(&mut answers) {
        let asked = async {
            stream.write_all(&status::request(what)).await?;
            stream.read_u8().await
        };
        *answer = match timeout(ANSWER, asked).await {
            Ok(Ok(byte)) => byte,
            Ok(Err(_)) => return Err(PrinterState::Offline),
            Err(_) => return Ok(None),
        };
    }
    Ok(status::state(answers))
}

/// Device files neither create nor truncate anything, and a printer that is switched off may block for ever.
async fn print_to_file(printer: &Printer, slip: &[u8]) -> Printed {
    let file = tokio::fs::OpenOptions::new().write(true).open(device_file(printer)).await;
    let mut file = file.map_err(|_| PrinterState::Offline)?;
    let written = async {
        file.write_all(slip).await?;
        file.flush().await
    };
    match timeout(PRINT, written).await {
        Ok(Ok(())) => Ok(PrinterState::Ok),
        // What the kernel's printer driver says when the paper is out.
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::StorageFull => Err(PrinterState::PaperOut),
        Ok(Err(_)) => Err(PrinterState::Failed),
        Err(_) => Err(PrinterState::Offline),
    }
}
