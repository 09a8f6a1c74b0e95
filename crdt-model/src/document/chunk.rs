//! How much a change claims to hold, read from its bytes before automerge unfolds them: columns are run-length coded, so a
//! hundred bytes can name a thousand million operations.
//!
//! Layout: <https://automerge.org/automerge-binary-format-spec/>, "Change Chunk"; every number is LEB128.

/// Magic and checksum.
const PREAMBLE: usize = 8;
const HASH: usize = 32;
/// The columns of a change that puts text under root keys: keys, inserts, actions, kinds and bytes of the values, and of
/// what each operation stands in the place of how many, whose and which. An empty one is left out.
const COLUMNS: [u64; 8] =
    [1 << 4 | 5, 3 << 4 | 4, ACTIONS, 5 << 4 | 6, 5 << 4 | 7, 7 << 4, REPLACED_ACTORS, 7 << 4 | 3];
/// Every operation has an action, an unsigned integer.
const ACTIONS: u64 = 4 << 4 | 2;
/// Every operation in whose place one stands has an actor.
const REPLACED_ACTORS: u64 = 7 << 4 | 1;

/// The number of operations in an uncompressed change, and of those they stand in the place of; nothing if its bytes cannot
/// be read so far or have other columns.
pub(super) fn claims(bytes: &[u8]) -> Option<(u64, u64)> {
    // Of the preamble, the kind of the chunk and its length nothing is asked here; automerge reads them.
    let mut rest = Reader(bytes.get(PREAMBLE + 1..)?);
    rest.number()?;
    let deps = rest.length()?;
    rest.skip(deps.checked_mul(HASH)?)?;
    rest.skip_text()?;
    for _sequence_and_first_operation in 0..2 {
        rest.number()?;
    }
    rest.signed()?;
    rest.skip_text()?;
    for _actor in 0..rest.length()? {
        rest.skip_text()?;
    }
    let columns = rest.length()?;
    let mut lengths = Vec::new();
    let mut known = COLUMNS.iter();
    for _column in 0..columns {
        let column = rest.number()?;
        // Each once, in this order.
        known.find(|known| **known == column)?;
        lengths.push((column, rest.length()?));
    }
    let (mut operations, mut replaced) = (0, 0);
    for (column, length) in lengths {
        let content = Reader(rest.0.get(..length)?);
        rest.skip(length)?;
        match column {
            ACTIONS => operations = content.runs()?,
            REPLACED_ACTORS => replaced = content.runs()?,
            _ => {}
        }
    }
    Some((operations, replaced))
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn number(&mut self) -> Option<u64> {
        leb128::read::unsigned(&mut self.0).ok()
    }

    fn signed(&mut self) -> Option<i64> {
        leb128::read::signed(&mut self.0).ok()
    }

    fn length(&mut self) -> Option<usize> {
        self.number()?.try_into().ok()
    }

    fn skip(&mut self, bytes: usize) -> Option<()> {
        self.0 = self.0.get(bytes..)?;
        Some(())
    }

    /// Skips bytes that stand behind their own length.
    fn skip_text(&mut self) -> Option<()> {
        let length = self.length()?;
        self.skip(length)
    }

    /// The lengths of all runs of a column of unsigned integers: a positive length and the value, a negative one and as
    /// many values, or zero and the length of a run without values.
    fn runs(mut self) -> Option<u64> {
        let mut sum = 0_u64;
        while !self.0.is_empty() {
            let run = match self.signed()? {
                0 => self.number()?,
                literal @ ..0 => {
                    for _ in 0..literal.unsigned_abs() {
                        self.number()?;
                    }
                    literal.unsigned_abs()
                }
                same => {
                    self.number()?;
                    same.unsigned_abs()
                }
            };
            sum = sum.checked_add(run)?;
        }
        Some(sum)
    }
}
