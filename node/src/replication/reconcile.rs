//! Range-based set reconciliation over (document, heads): two peers find the documents in which they differ with
//! messages whose size follows the difference, not the number of documents.
//!
//! A range is described by its count and the XOR of its items' fingerprints. Equal descriptions end the talk about it;
//! unequal ones are cut into [`FAN_OUT`] parts until a part is small enough to be listed.

use std::collections::BTreeMap;

use branchmesh_model::document::Hash;
use branchmesh_model::schema::DocId;
use serde::{Deserialize, Serialize};

/// Parts an unequal range is cut into.
const FAN_OUT: usize = 16;
/// A range of at most this many documents is listed.
const LIST_UP_TO: usize = 32;

/// Documents from `from` (inclusive) to `to` (exclusive; none means to the end), by name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Span {
    /// First name.
    pub from: String,
    /// Name after the last.
    pub to: Option<String>,
}

impl Span {
    /// All documents.
    pub fn all() -> Self {
        Self { from: String::new(), to: None }
    }

    fn contains(&self, doc: &DocId) -> bool {
        doc.as_str() >= self.from.as_str() && self.to.as_deref().is_none_or(|to| doc.as_str() < to)
    }
}

/// What the sender holds in a span.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RangePrint {
    /// The span.
    pub span: Span,
    /// Documents in it.
    pub count: u32,
    /// XOR of their fingerprints.
    pub print: Hash,
}

/// The documents of a span, listed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Items {
    /// The span.
    pub span: Span,
    /// Its documents and the digest of their heads.
    pub docs: Vec<(DocId, Hash)>,
    /// Whether the sender wants the receiver's list of the same span.
    pub answer: bool,
}

/// The fingerprint of one document with these heads.
pub fn fingerprint(doc: &DocId, heads: &Hash) -> Hash {
    let mut h = blake3::Hasher::new();
    h.update(doc.as_str().as_bytes());
    h.update(heads);
    *h.finalize().as_bytes()
}

/// `a` XOR `b`.
pub fn xor(a: &Hash, b: &Hash) -> Hash {
    std::array::from_fn(|i| a[i] ^ b[i])
}

/// What is held in `span`, in one line.
pub fn describe(held: &BTreeMap<DocId, Hash>, span: Span) -> RangePrint {
    let (mut count, mut print) = (0, [0; 32]);
    for (doc, heads) in held.iter().filter(|(d, _)| span.contains(d)) {
        count += 1;
        print = xor(&print, &fingerprint(doc, heads));
    }
    RangePrint { span, count, print }
}

/// What to say next about the ranges a peer described.
#[derive(Default, Debug, PartialEq)]
pub struct NextRound {
    /// Parts to describe.
    pub ranges: Vec<RangePrint>,
    /// Parts to list.
    pub items: Vec<Items>,
}

/// Compares a peer's descriptions with what is held here.
pub fn compare(held: &BTreeMap<DocId, Hash>, theirs: &[RangePrint]) -> NextRound {
    let mut next = NextRound::default();
    for their in theirs {
        let mine = describe(held, their.span.clone());
        if mine == *their {
            continue;
        }
        if mine.count as usize <= LIST_UP_TO || their.count as usize <= LIST_UP_TO / 4 {
            next.items.push(list(held, mine.span, true));
        } else {
            next.ranges.extend(cut(held, &mine.span).into_iter().map(|span| describe(held, span)));
        }
    }
    next
}

/// Lists what is held in `span`.
pub fn list(held: &BTreeMap<DocId, Hash>, span: Span, answer: bool) -> Items {
    let docs = held.iter().filter(|(d, _)| span.contains(d)).map(|(d, h)| (d.clone(), *h)).collect();
    Items { span, docs, answer }
}

/// The documents of a peer's list that differ here or are not here.
pub fn lacking(held: &BTreeMap<DocId, Hash>, theirs: &Items) -> Vec<DocId> {
    theirs.docs.iter().filter(|(d, h)| held.get(d) != Some(h)).map(|(d, _)| d.clone()).collect()
}

fn cut(held: &BTreeMap<DocId, Hash>, span: &Span) -> Vec<Span> {
    let docs: Vec<&DocId> = held.keys().filter(|d| span.contains(d)).collect();
    let step = docs.len().div_ceil(FAN_OUT).max(1);
    let mut bounds: Vec<String> = docs.iter().step_by(step).skip(1).map(|d| d.as_str().to_owned()).collect();
    bounds.insert(0, span.from.clone());
    (0..bounds.len())
        .map(|i| Span { from: bounds[i].clone(), to: bounds.get(i + 1).cloned().or_else(|| span.to.clone()) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn set(range: impl Iterator<Item = u32>) -> BTreeMap<DocId, Hash> {
        range.map(|n| (format!("lead/{n:05}").parse().expect("valid"), [n as u8; 32])).collect()
    }

    /// Runs the talk to its end; returns what each side finds it lacks and the bytes said.
    fn talk(a: &BTreeMap<DocId, Hash>, b: &BTreeMap<DocId, Hash>) -> (BTreeSet<DocId>, BTreeSet<DocId>, usize) {
        let sides = [a, b];
        let mut lacks = [BTreeSet::new(), BTreeSet::new()];
        let mut bytes = 0;
        let mut ranges = vec![(1, vec![describe(a, Span::all())])];
        let mut lists: Vec<(usize, Items)> = Vec::new();
        while let Some((to, said)) = ranges.pop() {
            bytes += postcard::to_stdvec(&said).expect("plain data").len();
            let next = compare(sides[to], &said);
            lists.extend(next.items.into_iter().map(|i| (1 - to, i)));
            if !next.ranges.is_empty() {
                ranges.push((1 - to, next.ranges));
            }
            while let Some((to, items)) = lists.pop() {
                bytes += postcard::to_stdvec(&items).expect("plain data").len();
                lacks[to].extend(lacking(sides[to], &items));
                if items.answer {
                    lists.push((1 - to, list(sides[to], items.span, false)));
                }
            }
        }
        let [la, lb] = lacks;
        (la, lb, bytes)
    }

    #[test]
    fn equal_sets_agree_at_once() {
        let a = set(0..20_000);
        let (la, lb, bytes) = talk(&a, &a.clone());
        assert!(la.is_empty() && lb.is_empty());
        assert!(bytes < 100, "{bytes} bytes to agree on 20,000 documents");
    }

    #[test]
    fn exactly_the_differences_are_found_on_both_sides() {
        let a = set((0..3000).filter(|n| n % 997 != 1));
        let mut b = set((0..3000).filter(|n| n % 1009 != 5));
        let changed: DocId = "lead/01500".parse().expect("valid");
        b.insert(changed.clone(), [99; 32]);
        let (la, lb, bytes) = talk(&a, &b);
        let only = |x: &BTreeMap<DocId, Hash>, y: &BTreeMap<DocId, Hash>| -> BTreeSet<DocId> {
            x.iter().filter(|(d, h)| y.get(*d) != Some(h)).map(|(d, _)| d.clone()).collect()
        };
        assert_eq!((la, lb), (only(&b, &a), only(&a, &b)));
        assert!(bytes < 60_000, "{bytes} bytes for seven differences in 3,000 documents");
    }

    #[test]
    fn an_empty_side_is_told_everything() {
        let (a, b) = (BTreeMap::new(), set(0..500));
        assert_eq!(talk(&a, &b).0.len(), 500);
        assert_eq!(talk(&b, &a).1.len(), 500);
    }
}
