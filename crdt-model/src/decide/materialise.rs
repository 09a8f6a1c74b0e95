//! Log records as facts: which record goes to which documents.

use std::collections::BTreeSet;

use crate::ids::RecordId;
use crate::schema::{DocId, Write};
use crate::ticket::{Act, Entry};
use crate::time::BusinessDate;

/// The facts of a committed record. Whoever finds one missing may write it: same key, same bytes.
pub fn materialise(record: RecordId, entry: &Entry) -> Vec<Write> {
    let key = record.key();
    let value = super::json(entry);
    if let Act::CloseDay { date } = entry.act {
        return day_closed_writes(date, &format!("d:{key}"), &value);
    }
    let docs: BTreeSet<DocId> = entry.act.tickets(key).iter().map(|(t, date)| DocId::queue(*date, t)).collect();
    docs.into_iter().map(|doc| Write { doc, key: format!("r:{key}"), value: value.clone() }).collect()
}

/// One fact in every document of a day, so that each can be read without the others.
pub fn day_closed_writes(date: BusinessDate, key: &str, value: &str) -> Vec<Write> {
    DocId::queue_day(date).map(|doc| Write { doc, key: key.into(), value: value.into() }).collect()
}
