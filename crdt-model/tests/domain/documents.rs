//! Documents that facts are added to, or in which they are overwritten, by devices that meet now and then.

use std::collections::BTreeMap;

use branchmesh_model::document::{Actor, FactDoc, Hash, examine};
use branchmesh_model::schema::DocId;
use branchmesh_model::time::UnixMs;
use proptest::prelude::*;

use crate::support::device;

const DEVICES: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    /// A device writes texts under keys, by number.
    Write(usize, Vec<(u8, u8)>),
    /// The second hears all that the first has.
    Meet(usize, usize),
    /// A device starts again from what it saved.
    Restart(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let facts = prop::collection::vec((0..8_u8, 0..3_u8), 1..5);
    let step = prop_oneof![
        4 => (0..DEVICES, facts).prop_map(|(who, facts)| Step::Write(who, facts)),
        2 => (0..DEVICES, 0..DEVICES).prop_map(|(from, to)| Step::Meet(from, to)),
        1 => (0..DEVICES).prop_map(Step::Restart),
    ];
    prop::collection::vec(step, 1..30)
}

struct Branch {
    name: DocId,
    docs: Vec<FactDoc>,
    starts: u64,
    /// Who made a change.
    authors: BTreeMap<Hash, usize>,
    /// Every text that was ever written under a key.
    written: BTreeMap<String, Vec<String>>,
}

impl Branch {
    fn new(name: DocId) -> Self {
        let docs = (0..DEVICES).map(|n| FactDoc::new(&name, &actor(n, 0))).collect();
        Self { name, docs, starts: 0, authors: BTreeMap::new(), written: BTreeMap::new() }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Write(who, facts) => {
                let text = |(key, text): (u8, u8)| (format!("f:{key}"), format!("text {text}"));
                let facts: Vec<(String, String)> = facts.into_iter().map(text).collect();
                let Some(change) = self.docs[who].write(&facts, UnixMs(0)) else { return };
                self.authors.insert(change.hash, who);
                for (key, text) in examine(&change.bytes, &device(who as u8)).expect("an honest change").facts {
                    self.written.entry(key).or_default().push(text);
                }
            }
            Step::Meet(from, to) => self.meet(from, to),
            Step::Restart(who) => {
                self.starts += 1;
                let saved = self.docs[who].save();
                self.docs[who] = FactDoc::load(&self.name, &saved, &actor(who, self.starts)).expect("just saved");
            }
        }
    }

    fn meet(&mut self, from: usize, to: usize) {
        for change in self.docs[from].changes_in_order() {
            if !self.docs[to].has(&change.hash) {
                let author = device(self.authors[&change.hash] as u8);
                let change = examine(&change.bytes, &author).expect("an honest change");
                self.docs[to].apply(change).expect("an honest change, and what it builds on came before it");
            }
        }
    }

    /// What devices wrote, until all have heard all.
    fn after(name: DocId, steps: Vec<Step>) -> Self {
        let mut branch = Self::new(name);
        steps.into_iter().for_each(|step| branch.take(step));
        for (from, to) in (0..DEVICES).flat_map(|a| (0..DEVICES).map(move |b| (a, b))) {
            branch.meet(from, to);
        }
        branch
    }
}

fn actor(n: usize, start: u64) -> Actor {
    Actor::new(&device(n as u8), start.to_be_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn all_that_was_added_is_there_and_the_greatest_text_is_chosen(steps in steps()) {
        let mut branch = Branch::after("queue/2026-11-21/0".parse().expect("a name"), steps);
        let heads = branch.docs[0].heads();
        for doc in &mut branch.docs {
            prop_assert_eq!(doc.heads(), heads.clone());
            let facts = branch.written.iter().map(|(key, texts)| (key.clone(), texts.iter().max().expect("one").clone()));
            prop_assert_eq!(doc.facts(), facts.collect::<Vec<_>>());
            for (key, texts) in &branch.written {
                let (chosen, contested) = doc.chosen(key).expect("it was added");
                prop_assert_eq!(Some(&chosen), texts.iter().max());
                prop_assert_eq!(contested, texts.iter().any(|text| *text != chosen));
                prop_assert!(!contested || doc.is_written_again(key));
            }
        }
    }

    #[test]
    fn what_is_overwritten_is_one_of_the_texts_and_the_same_everywhere(steps in steps()) {
        let mut branch = Branch::after(DocId::config(), steps);
        let (heads, facts) = (branch.docs[0].heads(), branch.docs[0].facts());
        prop_assert_eq!(facts.iter().map(|(key, _)| key).collect::<Vec<_>>(), branch.written.keys().collect::<Vec<_>>());
        for doc in &mut branch.docs {
            prop_assert_eq!(doc.heads(), heads.clone());
            prop_assert_eq!(doc.facts(), facts.clone());
            for (key, text) in &facts {
                prop_assert!(branch.written[key].contains(text));
                prop_assert_eq!(doc.get(key), Some(text.clone()));
            }
        }
    }
}
