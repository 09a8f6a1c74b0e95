//! A slip as ESC/POS bytes: branch, number large, service, people ahead, time, and the way to the ticket's own page.

use std::cell::RefCell;

use branchmesh_model::config::{Config, Printer as PrinterSettings, PrinterText};
use branchmesh_model::view::Ticket;
use escpos::driver::Driver;
use escpos::errors::Result;
use escpos::printer::Printer;
use escpos::utils::{Encoder, JustifyMode, Protocol, QRCodeCorrectionLevel, QRCodeModel, QRCodeOption};

/// What a slip says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Slip {
    branch: String,
    heading: &'static str,
    number: String,
    service: String,
    ahead: String,
    wait: Option<String>,
    time: String,
    page: Option<(&'static str, String)>,
    farewell: &'static str,
}

impl Slip {
    /// The slip of a ticket in its customer's language, or in the only one the printer can write.
    pub(super) fn of(
        ticket: &Ticket,
        config: &Config,
        text: PrinterText,
        issued: String,
        page: Option<String>,
    ) -> Self {
        let language = ticket.language.as_deref().or(config.branch.languages.first().map(String::as_str));
        let zh = text != PrinterText::Ascii && language.is_none_or(|l| l.starts_with("zh"));
        let say = |zh_text: &'static str, en_text: &'static str| if zh { zh_text } else { en_text };
        let name = |text: &branchmesh_model::config::Text| if zh { text.zh.clone() } else { text.en.clone() };
        let service = config.service(&ticket.service);
        let category = service.and_then(|s| s.categories.iter().find(|c| Some(&c.id) == ticket.category.as_ref()));
        let mut what = service.map_or_else(|| ticket.service.clone(), |s| name(&s.name));
        if let Some(category) = category {
            what = format!("{what} / {}", name(&category.name));
        }
        let ahead = ticket.ahead_at_issue;
        Self {
            branch: config.branch.name.clone(),
            heading: say("您的号码", "Your number"),
            number: ticket.number.to_string(),
            service: what,
            ahead: match (ahead, zh) {
                (0, true) => "前面无人等候".into(),
                (n, true) => format!("前面等候 {n} 人"),
                (0, false) => "Nobody is ahead of you".into(),
                (1, false) => "1 person is ahead of you".into(),
                (n, false) => format!("{n} people are ahead of you"),
            },
            wait: ticket.estimate_at_issue.filter(|_| ahead > 0).map(|range| {
                let (low, high) = (range.low_s.div_ceil(60), range.high_s.div_ceil(60));
                if zh {
                    format!("预计等候 {low}–{high} 分钟")
                } else {
                    format!("About {low} to {high} minutes")
                }
            }),
            time: issued,
            page: page.map(|address| (say("扫码查看排队进度", "Scan to follow your ticket"), address)),
            farewell: say("过号请联系大堂经理", "Missed your call? Ask the lobby manager"),
        }
    }

    /// As bytes for a printer of this kind.
    ///
    /// # Errors
    /// If the slip holds something ESC/POS cannot carry, such as a far too long address.
    pub(super) fn bytes(&self, settings: &PrinterSettings) -> Result<Vec<u8>> {
        let encoder = match settings.text {
            PrinterText::Gb18030 => Encoder::new(encoding_rs::GB18030),
            PrinterText::Ascii => Encoder::default(),
        };
        let mut printer = Printer::new(Buffer::default(), Protocol::new(encoder), None);
        printer.init()?.justify(JustifyMode::CENTER)?;
        if settings.text == PrinterText::Gb18030 {
            printer.custom(CHINESE_ON)?;
        }
        let plain = |text: &str| match settings.text {
            PrinterText::Gb18030 => text.to_owned(),
            PrinterText::Ascii => text.chars().filter(char::is_ascii).collect::<String>().trim().to_owned(),
        };
        let narrow = settings.width_mm < 80;
        printer.bold(true)?.writeln(&plain(&self.branch))?.bold(false)?.feed()?;
        printer.writeln(&plain(self.heading))?;
        let large = if narrow { 4 } else { 6 };
        printer.size(large, large)?.writeln(&self.number)?.reset_size()?.feed()?;
        printer.size(1, 2)?.writeln(&plain(&self.service))?.reset_size()?;
        printer.writeln(&plain(&self.ahead))?;
        if let Some(wait) = &self.wait {
            printer.writeln(&plain(wait))?;
        }
        printer.writeln(&self.time)?;
        if let Some((label, address)) = &self.page {
            let size = if narrow { 4 } else { 6 };
            let option = QRCodeOption::new(QRCodeModel::Model2, size, QRCodeCorrectionLevel::M);
            printer.feed()?.qrcode_option(address, option)?.writeln(&plain(label))?;
        }
        printer.feed()?.writeln(&plain(self.farewell))?.feeds(3)?.print_cut()?;
        Ok(printer.driver().0.into_inner())
    }
}

/// `FS &`: what follows may be Chinese. Printers without Chinese ignore it.
const CHINESE_ON: &[u8] = &[0x1c, 0x26];

/// Keeps what would be sent, so that how it is sent is our own concern.
#[derive(Default)]
struct Buffer(RefCell<Vec<u8>>);

impl Driver for Buffer {
    fn name(&self) -> String {
        "buffer".into()
    }

    fn write(&self, data: &[u8]) -> Result<()> {
        self.0.borrow_mut().extend_from_slice(data);
        Ok(())
    }

    fn read(&self, _: &mut [u8]) -> Result<usize> {
        Ok(0)
    }

    fn flush(&self) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
impl Slip {
    /// A Chinese slip with three people ahead.
    pub(super) fn example(branch: &str, number: &str, page: Option<&str>) -> Self {
        Self {
            branch: branch.into(),
            heading: "您的号码",
            number: number.into(),
            service: "现金业务".into(),
            ahead: "前面等候 3 人".into(),
            wait: None,
            time: "2026-11-21 09:30".into(),
            page: page.map(|p| ("扫码查看排队进度", p.to_owned())),
            farewell: "过号请联系大堂经理",
        }
    }
}
