//! What a slip says, and what a printer's answers mean.

use branchmesh_model::config::{Printer, PrinterKind, PrinterText};
use branchmesh_model::lobby::PrinterState;

use super::slip::Slip;
use super::{GivenPrinter, Job, Jobs, JobsInMemory, Printing, status};

fn printer(text: PrinterText, width_mm: u8) -> Printer {
    Printer { kind: PrinterKind::Network, address: "192.0.2.9".into(), width_mm, text }
}

#[test]
fn every_answer_of_a_printer_has_its_state() {
    let table = [
        ([0x12, 0x12, 0x12], Some(PrinterState::Ok)),
        ([0x12, 0x12, 0x1e], Some(PrinterState::PaperLow)),
        ([0x12, 0x12, 0x7e], Some(PrinterState::PaperOut)),
        ([0x32, 0x12, 0x12], Some(PrinterState::PaperOut)),
        ([0x16, 0x12, 0x12], Some(PrinterState::Failed)),
        ([0x52, 0x12, 0x12], Some(PrinterState::Failed)),
        ([0x12, 0x1a, 0x12], Some(PrinterState::Failed)),
        ([0x12, 0x32, 0x12], Some(PrinterState::Failed)),
        ([0x12, 0x12, 0x00], None),
        ([0xff, 0x12, 0x12], None),
    ];
    for (answers, state) in table {
        assert_eq!(status::state(answers), state, "{answers:x?}");
    }
    assert_eq!(status::state_after_printing(0), PrinterState::Ok);
    assert_eq!(status::state_after_printing(0b0011), PrinterState::PaperLow);
    assert_eq!(status::state_after_printing(0b1111), PrinterState::PaperOut);
}

#[test]
fn a_slip_is_in_the_printers_own_letters_and_ends_with_a_cut() {
    let slip = Slip::example("城东支行", "A012", Some("http://branch.example/t/abc"));
    let chinese = slip.bytes(&printer(PrinterText::Gb18030, 80)).expect("sound");
    let text = encoding_rs::GB18030.decode(&chinese).0.into_owned();
    for part in ["城东支行", "A012", "前面等候 3 人", "http://branch.example/t/abc"] {
        assert!(text.contains(part), "{part}: {text:?}");
    }
    assert!(chinese.ends_with(b"\x1dVA\x00"), "{chinese:x?}");
    let plain = slip.bytes(&printer(PrinterText::Ascii, 58)).expect("sound");
    assert!(plain.is_ascii() && !plain.windows(2).any(|w| w == b"&#"), "{plain:x?}");
}

#[test]
fn the_flag_names_the_printer_and_the_settings_its_paper() {
    let jobs = || std::sync::Arc::new(JobsInMemory::default());
    let settings = printer(PrinterText::Ascii, 58);
    let flag: GivenPrinter = "192.0.2.77:9101".parse().expect("an address");
    let in_force = Printing::new(jobs(), Some(flag)).printer(Some(&settings)).expect("a printer");
    assert_eq!(
        (in_force.address.as_str(), in_force.width_mm, in_force.text),
        ("192.0.2.77:9101", 58, PrinterText::Ascii)
    );
    assert_eq!(Printing::new(jobs(), None).printer(Some(&settings)), Some(settings));
    assert_eq!(Printing::new(jobs(), None).printer(None), None);
    assert!("nowhere".parse::<GivenPrinter>().is_err());
    assert!("/dev/usb/lp0".parse::<GivenPrinter>().is_ok());
}

#[tokio::test]
async fn a_second_request_prints_nothing_unless_it_is_a_reprint() {
    let jobs = std::sync::Arc::new(JobsInMemory::default());
    let printing = std::sync::Arc::new(Printing::new(jobs.clone(), None));
    let job = Job {
        ticket: branchmesh_model::ids::RecordKey([1; 10]),
        site: None,
        asked_at: branchmesh_model::time::UnixMs(1),
        done: false,
    };
    jobs.put(&Job { done: true, ..job.clone() }).expect("memory");
    printing.want(job.clone(), false).await.expect("memory");
    assert!(jobs.all().expect("memory")[0].done, "it is out already");
    printing.want(job.clone(), true).await.expect("memory");
    let again = jobs.all().expect("memory").remove(0);
    assert!(!again.done);
    // The first slip came out after the second was asked for: the second is still wanted.
    printing.finish(job).await.expect("memory");
    assert_eq!(jobs.all().expect("memory"), std::slice::from_ref(&again));
    printing.finish(again).await.expect("memory");
    assert!(jobs.all().expect("memory")[0].done);
}
