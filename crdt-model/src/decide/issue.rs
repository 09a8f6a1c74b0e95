//! A new ticket (取号).

use jiff::ToSpan;

use crate::command::Rejection;
use crate::config::Service;
use crate::ticket::{Act, Issue};
use crate::time::BusinessDate;
use crate::view::figures;

use super::desk::Desk;

/// What a customer asks for.
pub(super) struct Wish<'a> {
    pub(super) service: &'a str,
    pub(super) category: Option<&'a str>,
    pub(super) language: Option<&'a str>,
}

pub(super) fn issue(
    desk: &Desk<'_>,
    wish: &Wish<'_>,
    identified: bool,
    status_digest: Option<&str>,
) -> Result<Act, Rejection> {
    let service = offered(desk, wish.service)?;
    if let Some(category) = wish.category
        && !service.categories.iter().any(|c| c.id == category)
    {
        return Err(Rejection::not_found("category", category));
    }
    let tag_ok = |l: &str| (2..=35).contains(&l.len()) && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if wish.language.is_some_and(|l| !tag_ok(l)) {
        return Err(Rejection::invalid("language", "a BCP 47 tag such as zh-CN is expected"));
    }
    if status_digest.is_some_and(|d| d.len() > 64 || !d.bytes().all(|b| b.is_ascii_alphanumeric())) {
        return Err(Rejection::invalid("status_digest", "at most 64 letters and digits are expected"));
    }
    let date = open_date(desk);
    let (ahead, estimate) = figures::newcomer(desk.day(date), desk.config, &service.id, desk.now);
    Ok(Act::Issue {
        issue: Issue {
            date,
            number: desk.next_number(date, service.prefix),
            service: service.id.clone(),
            category: wish.category.map(str::to_owned),
            language: wish.language.map(str::to_owned),
            parent: None,
            arrived: desk.now,
            identified,
            status_digest: status_digest.map(str::to_owned),
            ahead,
            estimate,
        },
    })
}

/// A service that customers can take a ticket for.
fn offered<'a>(desk: &Desk<'a>, id: &str) -> Result<&'a Service, Rejection> {
    let service = desk.config.service(id).ok_or_else(|| Rejection::not_found("service", id))?;
    if service.enabled { Ok(service) } else { Err(Rejection::invalid("service", "this service is not offered now")) }
}

/// Today, or the first day after it that nobody has closed: a steward with a fast clock may have closed today early,
/// and a ticket of a closed day would be born expired.
fn open_date(desk: &Desk<'_>) -> BusinessDate {
    const FURTHEST_DAYS: i32 = 7;
    (0..FURTHEST_DAYS)
        .map(|n| desk.today.saturating_add(n.days()))
        .find(|date| !desk.is_closed(*date))
        .unwrap_or(desk.today)
}
