//! Every table of the database. A name carries its version: a table whose meaning changes gets a new name and a
//! migration, and bytes once written under a name keep their meaning for ever.

use redb::TableDefinition;

/// A table from bytes to bytes.
pub(super) type Bytes = TableDefinition<'static, &'static [u8], &'static [u8]>;
/// Key of [`ENVELOPES`].
pub(super) type Place = (&'static str, &'static [u8], u64);

/// What the store knows of itself: [`FORMAT`] and [`GENERATION`].
pub(super) const STORE: TableDefinition<&str, u32> = TableDefinition::new("store/1");
/// Key of [`STORE`]: the format number, see `migrations.rs`.
pub(super) const FORMAT: &str = "format";
/// Key of [`STORE`]: how this disk votes, see [`generation`](super::Store::generation).
pub(super) const GENERATION: &str = "generation";
/// Key of [`STORE`]: stands there if the file is to be made smaller at the next start.
pub(super) const ROOM: &str = "room";

/// How far redb has done what the journal says: [`APPLIED`] → number of the last record. In the database in memory it is always
/// the newest; in the one on disk it tells what a start has to do.
pub(super) const JOURNAL: TableDefinition<&str, u64> = TableDefinition::new("journal/1");
/// Key of [`JOURNAL`].
pub(super) const APPLIED: &str = "applied";

/// The index of documents: document → `DocRow`.
pub(super) const DOCUMENTS: TableDefinition<&str, &[u8]> = TableDefinition::new("documents/1");
/// Envelopes not compacted yet: (document, actor, seq) → `EnvelopeRow`, which holds the order they came in.
pub(super) const ENVELOPES: TableDefinition<Place, &[u8]> = TableDefinition::new("envelopes/1");
/// Compacted documents: document → automerge save.
pub(super) const SNAPSHOTS: TableDefinition<&str, &[u8]> = TableDefinition::new("snapshots/1");
/// Who signed the changes of a snapshot: (document, order of the first change) → `SealsRow`, one row a compaction.
pub(super) const SEALS: TableDefinition<(&str, u64), &[u8]> = TableDefinition::new("seals/1");
/// How far a snapshot reaches: (document, actor) → newest seq of that actor in it.
pub(super) const COVERED: TableDefinition<(&str, &[u8]), u64> = TableDefinition::new("covered/1");

/// Stewardship: promises, votes, logs. The hub chooses keys and values. Never part of a backup: a disk that forgot a
/// promise must not vote again.
pub(super) const STEWARD: Bytes = TableDefinition::new("steward/1");
/// What else the node must remember: name → value. The hub chooses names and values.
pub(super) const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta/1");
/// What is to be delivered elsewhere (webhooks), in key order until acknowledged.
pub(super) const OUTBOX: Bytes = TableDefinition::new("outbox/1");
