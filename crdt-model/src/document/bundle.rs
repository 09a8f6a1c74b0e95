//! What a change adds to a document whose facts are never written anew: all of it as one text under one key.
//!
//! Automerge applies a change by a walk over the map from its first key to the last one the change puts, and every
//! operation is a row of its own in a dozen columns. So the facts of a change are one operation, and its key sorts before
//! the keys of all operations that came before: what is new stands at the front, and costs the same in a large document
//! as in a small one.
//!
//! The key is `+:` and eight hexadecimal digits, the largest 32-bit number less the operation's own number. Two devices
//! that add at once may use one key; automerge keeps both texts, and both are read. The text is a line for a fact's key
//! and a line for its text, in turns.

const PREFIX: &str = "+:";

/// The key under which operation number `op` puts a bundle.
pub(super) fn key(op: u32) -> String {
    format!("{PREFIX}{:08x}", u32::MAX - op)
}

/// Whether `key` is kept for bundles.
pub(super) fn is_key(key: &str) -> bool {
    key.starts_with(PREFIX)
}

/// The number of the operation that put a bundle under `key`.
pub(super) fn op(key: &str) -> Option<u32> {
    let op = u32::from_str_radix(key.strip_prefix(PREFIX)?, 16).ok().map(|n| u32::MAX - n)?;
    (self::key(op) == key).then_some(op)
}

/// Whether a fact may stand in a bundle; one that may not stands under its own key.
pub(super) fn takes(key: &str, text: &str) -> bool {
    !key.contains('\n') && !text.contains('\n')
}

/// The text of a bundle.
pub(super) fn pack<'a>(facts: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let lines: Vec<&str> = facts.into_iter().flat_map(|(key, text)| [key, text]).collect();
    lines.join("\n")
}

/// Whether `text` can be a bundle's: every key has its text.
pub(super) fn is_whole(text: &str) -> bool {
    text.split('\n').count().is_multiple_of(2)
}

/// The facts of a bundle.
pub(super) fn unpack(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut lines = text.split('\n');
    std::iter::from_fn(move || Some((lines.next()?, lines.next()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_bundle_sorts_before_all_other_keys() {
        let keys = ["d:", "a:", "9", &key(1), &key(2), &key(0x1_0000), &key(u32::MAX)];
        assert!(keys.is_sorted_by(|earlier, later| earlier > later), "{keys:?}");
        assert_eq!([1, 2, u32::MAX].map(|n| op(&key(n))), [Some(1), Some(2), Some(u32::MAX)]);
        assert_eq!(["+:", "+:fffffFFF", "+:+fffffff", "+:0", "f:1"].map(op), [None; 5]);
    }

    #[test]
    fn facts_come_out_as_they_went_in() {
        let facts = [("f:1", r#"{"a":"b\nc"}"#), ("c:2", ""), ("r:3", "å 你")];
        let text = pack(facts);
        assert!(is_whole(&text));
        assert_eq!(unpack(&text).collect::<Vec<_>>(), facts);
        assert!(!is_whole("") && !is_whole("a\nb\nc"));
        assert!(takes("f:1", "x y") && !takes("f:1", "x\ny") && !takes("f:\n", ""));
    }
}
