//! What was found wrong in merged data. Reading never fails: people see the view and, beside it, what is odd about it.

use serde::Serialize;

use crate::schema::DocId;

/// Something in a document that a fold had to skip or settle.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Anomaly {
    /// The document.
    pub doc: DocId,
    /// The fact's key.
    pub key: String,
    /// What is wrong with it.
    pub kind: AnomalyKind,
}

/// Kinds of anomalies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnomalyKind {
    /// The fact is of a newer version or damaged; it is kept and passed on.
    Unreadable,
    /// The fact names a ticket, grant or counter that is not here (yet).
    Dangling,
    /// The ticket's state did not allow it when it happened; kept in the history, without effect.
    OutOfOrder,
    /// A ticket was closed twice in different ways; the stronger way counts.
    ClosedTwice,
}
