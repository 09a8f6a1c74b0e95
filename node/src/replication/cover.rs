//! One signature for many changes.
//!
//! A change names the changes it builds on by their hashes, and an actor builds on all it made before. So whoever signed a
//! change has signed every ancestor of it, and of those that are its own actor's it says: I made this. An archived
//! document therefore keeps only the signature of each actor's newest change, and sends the others without; they enter
//! together with the one that vouches for them, or not at all. And where many signed changes come at once, only the newest
//! signatures are looked at before the changes enter.

use std::collections::{BTreeMap, BTreeSet};

use branchmesh_model::document::{Examined, Hash};
use branchmesh_model::schema::{DocId, Family};

use super::envelope::Envelope;

/// Signed changes of one frame whose ancestors are looked for; more would be work for the benefit of a liar.
const MAX_COVERS: usize = 256;

/// Whether the envelope leaves it to another to vouch for it, as those of a closed business day may.
pub fn is_covered(envelope: &Envelope) -> bool {
    envelope.signature.is_empty() && envelope.doc.family() == Family::Queue
}

/// How many of `envelopes`, counted from the first, must travel in one frame: up to those that vouch for the unsigned ones.
pub fn inseparable(envelopes: &[Envelope]) -> usize {
    let mut waiting: BTreeSet<&[u8]> = BTreeSet::new();
    let mut upto = 0;
    for (place, envelope) in (1..).zip(envelopes) {
        let ends_a_wait = if is_covered(envelope) {
            waiting.insert(&envelope.actor);
            false
        } else {
            waiting.remove(&envelope.actor[..])
        };
        if ends_a_wait && waiting.is_empty() {
            upto = place;
        }
    }
    if waiting.is_empty() { upto } else { envelopes.len() }
}

/// The newest signed change of each actor and document, and the others, in their order.
pub fn newest_signed(envelopes: Vec<Envelope>) -> (Vec<Envelope>, Vec<Envelope>) {
    let mut newest: BTreeMap<(&DocId, &[u8]), (u64, usize)> = BTreeMap::new();
    for (place, envelope) in envelopes.iter().enumerate().filter(|(_, e)| !e.signature.is_empty()) {
        let known = newest.entry((&envelope.doc, &envelope.actor)).or_insert((envelope.seq, place));
        *known = (*known).max((envelope.seq, place));
    }
    let newest: BTreeSet<usize> = newest.into_values().map(|(_, place)| place).collect();
    let (newest, others): (Vec<_>, Vec<_>) =
        envelopes.into_iter().enumerate().partition(|(place, _)| newest.contains(place));
    let plain = |list: Vec<(usize, Envelope)>| list.into_iter().map(|(_, envelope)| envelope).collect();
    (plain(newest), plain(others))
}

/// Those of `claims` for which an admitted change vouches, by document and hash, with its number among its author's.
pub fn vouched(admitted: &[(Envelope, Examined)], claims: &[(Envelope, Examined)]) -> BTreeMap<(DocId, Hash), u64> {
    let mut by_doc: BTreeMap<&DocId, Frame<'_>> = BTreeMap::new();
    for (list, is_claim) in [(admitted, false), (claims, true)] {
        for change in list {
            by_doc.entry(&change.0.doc).or_default().insert(change.1.hash, (change, is_claim));
        }
    }
    let wanted: BTreeSet<(&DocId, &[u8])> = claims.iter().map(|(e, _)| (&e.doc, &e.actor[..])).collect();
    let mut covers: Vec<&(Envelope, Examined)> =
        admitted.iter().filter(|(e, _)| wanted.contains(&(&e.doc, &e.actor[..]))).collect();
    // Of an honest actor the newest vouches for as much as all of them.
    covers.sort_by_key(|(envelope, _)| std::cmp::Reverse(envelope.seq));
    let mut vouched = BTreeMap::new();
    for cover in covers.into_iter().take(MAX_COVERS) {
        for (envelope, change) in claimed_ancestors(cover, &by_doc[&cover.0.doc]) {
            if envelope.actor == cover.0.actor {
                vouched.entry((envelope.doc.clone(), change.hash)).or_insert(cover.0.n);
            }
        }
    }
    vouched
}

/// The same changes in an order in which each comes after those it builds on.
pub fn dependencies_first(changes: Vec<(Envelope, Examined)>) -> Vec<(Envelope, Examined)> {
    let mut left: BTreeMap<Hash, (Envelope, Examined)> = changes.into_iter().map(|c| (c.1.hash, c)).collect();
    let mut ordered = Vec::with_capacity(left.len());
    while let Some(next) = left.keys().next().copied() {
        let mut path = vec![next];
        while let Some(hash) = path.last().copied() {
            match left.get(&hash).and_then(|change| change.1.deps().find(|dep| left.contains_key(dep))) {
                Some(dep) => path.push(dep),
                None => ordered.extend(path.pop().and_then(|hash| left.remove(&hash))),
            }
        }
    }
    ordered
}

/// The changes of one document in a frame, and whether somebody must vouch for them.
type Frame<'a> = BTreeMap<Hash, (&'a (Envelope, Examined), bool)>;

/// The claims of the frame that `of` builds on, directly or not.
fn claimed_ancestors<'a>(of: &(Envelope, Examined), frame: &Frame<'a>) -> Vec<&'a (Envelope, Examined)> {
    let (mut found, mut seen, mut todo) = (Vec::new(), BTreeSet::new(), of.1.deps().collect::<Vec<_>>());
    while let Some(hash) = todo.pop() {
        if !seen.insert(hash) {
            continue;
        }
        // What is not in the frame is here already, and so is all it builds on.
        if let Some((change, is_claim)) = frame.get(&hash) {
            found.extend(is_claim.then_some(*change));
            todo.extend(change.1.deps());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use branchmesh_model::document::{Actor, FactDoc, NewChange, examine};
    use branchmesh_model::ids::DeviceId;
    use branchmesh_model::time::UnixMs;

    use super::*;

    const A: DeviceId = DeviceId([1; 32]);
    const B: DeviceId = DeviceId([2; 32]);

    fn doc() -> DocId {
        "queue/2026-11-20/3".parse().expect("valid")
    }

    fn pair(author: DeviceId, n: u64, change: &NewChange, signed: bool) -> (Envelope, Examined) {
        let envelope = Envelope {
            doc: doc(),
            author,
            n,
            actor: change.actor.clone(),
            seq: change.seq,
            change: change.bytes.clone(),
            signature: if signed { vec![7; 64] } else { vec![] },
        };
        (envelope, examine(&change.bytes, &author).expect("well formed"))
    }

    /// A writes, B builds upon it, A builds upon B.
    fn talk() -> [NewChange; 3] {
        let (first, second) = (Actor::new(&A, [1; 8]), Actor::new(&B, [2; 8]));
        let mut writer = FactDoc::new(&doc(), &first);
        let mut write = |actor: &Actor, key: &str| {
            writer.act_as(actor);
            writer.write(&[(key.into(), "x".into())], UnixMs(0)).expect("new")
        };
        [write(&first, "f:1"), write(&second, "f:2"), write(&first, "f:3")]
    }

    #[test]
    fn a_signature_covers_its_actors_earlier_changes_and_nobody_elses() {
        let [one, two, three] = talk();
        let unsigned = [pair(A, 0, &one, false), pair(B, 0, &two, false)];
        let found = vouched(&[pair(A, 9, &three, true)], &unsigned);
        assert_eq!(found, BTreeMap::from([((doc(), one.hash), 9)]), "A cannot vouch for what B made");
    }

    #[test]
    fn only_what_waits_for_a_signature_must_stay_together() {
        let [one, two, three] = talk();
        let all = |signed: [bool; 3]| {
            let changes = [(A, &one), (B, &two), (A, &three)];
            changes
                .into_iter()
                .zip(signed)
                .map(|((by, change), signed)| pair(by, 1, change, signed).0)
                .collect::<Vec<_>>()
        };
        assert_eq!(inseparable(&all([true, true, true])), 0);
        assert_eq!(inseparable(&all([false, true, true])), 3);
        assert_eq!(inseparable(&all([false, true, true])[..2]), 2, "nobody vouches, so nothing is left out");
    }

    #[test]
    fn nothing_vouches_for_what_it_does_not_build_on() {
        let [one, two, three] = talk();
        let mut rival = FactDoc::new(&doc(), &Actor::new(&A, [1; 8]));
        let forged = rival.write(&[("f:1".into(), "another".into())], UnixMs(0)).expect("new");
        assert_ne!(forged.hash, one.hash);
        let admitted = [pair(A, 9, &three, true), pair(B, 4, &two, true)];
        assert!(vouched(&admitted, &[pair(A, 0, &forged, false)]).is_empty());
        assert!(vouched(&admitted[1..], &[pair(A, 0, &one, false)]).is_empty(), "B's signature is none of A's");
    }
}
