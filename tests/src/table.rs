//! A node's tickets as a table that can be compared with another node's.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::client::{Client, Ticket};

/// All tickets a node knows: what every node must agree on, by ticket id.
#[derive(Debug, Clone, PartialEq)]
pub struct Table(BTreeMap<String, Value>);

impl Table {
    /// Reads the table of a node.
    ///
    /// # Errors
    /// If the node does not answer or lists a ticket twice.
    pub fn of(node: &Client) -> Result<Self> {
        Self::of_rows(node.list("tickets")?)
    }

    /// The table of listed tickets.
    ///
    /// # Errors
    /// If a row is no ticket or one is listed twice.
    pub fn of_rows(rows: Vec<Value>) -> Result<Self> {
        let mut table = BTreeMap::new();
        for mut ticket in rows {
            let id = ticket["id"].as_str().context("a ticket has an id")?.to_owned();
            let fields = ticket.as_object_mut().context("a ticket is an object")?;
            // These are figures of the moment and the side they are asked for, not facts about the ticket.
            for momentary in ["ahead", "estimate_s", "epoch", "foreign"] {
                fields.remove(momentary);
            }
            ensure!(table.insert(id.clone(), ticket).is_none(), "ticket {id} is listed twice");
        }
        Ok(Self(table))
    }

    /// The tickets.
    ///
    /// # Errors
    /// If a row is no ticket.
    pub fn tickets(&self) -> Result<Vec<Ticket>> {
        self.0.values().map(|v| serde_json::from_value(v.clone()).with_context(|| format!("no ticket: {v}"))).collect()
    }

    /// One ticket, if it is there.
    ///
    /// # Errors
    /// If the row is no ticket.
    pub fn ticket(&self, id: &str) -> Result<Option<Ticket>> {
        self.0.get(id).map(|v| serde_json::from_value(v.clone()).context("a row is a ticket")).transpose()
    }

    /// Tickets in `state`.
    ///
    /// # Errors
    /// If a row is no ticket.
    pub fn in_state(&self, state: &str) -> Result<Vec<Ticket>> {
        Ok(self.tickets()?.into_iter().filter(|t| t.state == state).collect())
    }

    /// The number of tickets.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks that no two tickets show the same number and that the main lane of every prefix counts 1, 2, 3 …
    ///
    /// # Errors
    /// Names the numbers that are wrong.
    pub fn check_numbers(&self) -> Result<()> {
        let tickets = self.tickets()?;
        let numbers: BTreeSet<&str> = tickets.iter().map(|t| t.number.as_str()).collect();
        ensure!(numbers.len() == tickets.len(), "a number was given twice: {numbers:?} for {} tickets", tickets.len());
        let mut main: BTreeMap<char, BTreeSet<u32>> = BTreeMap::new();
        for (prefix, count) in numbers.iter().filter_map(|n| main_lane(n)) {
            main.entry(prefix).or_default().insert(count);
        }
        for (prefix, counts) in main {
            let last = u32::try_from(counts.len()).context("a day has few tickets")?;
            ensure!(counts.iter().copied().eq(1..=last), "the main lane of {prefix} has gaps: {counts:?}");
        }
        Ok(())
    }

    /// What differs from `other`, in words.
    pub fn difference(&self, other: &Self) -> String {
        let ids: BTreeSet<&String> = self.0.keys().chain(other.0.keys()).collect();
        let odd = ids.into_iter().filter(|id| self.0.get(*id) != other.0.get(*id));
        let line = |id: &String| format!("{id}: {:?} and {:?}", self.0.get(id), other.0.get(id));
        odd.take(3).map(line).collect::<Vec<_>>().join("\n")
    }
}

/// Prefix and count of a main-lane number such as `A017`; none for a side lane's, such as `AK003`.
pub fn main_lane(number: &str) -> Option<(char, u32)> {
    let mut rest = number.chars();
    let prefix = rest.next()?;
    rest.as_str().parse().ok().map(|count| (prefix, count))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn table(numbers: &[&str]) -> Table {
        let row = |(id, number): (usize, &&str)| json!({ "id": id.to_string(), "number": number, "service": "cash", "state": "waiting", "ahead": id });
        Table::of_rows(numbers.iter().enumerate().map(row).collect()).expect("good rows")
    }

    #[test]
    fn wrong_numbers_are_found() {
        let check = |numbers: &[&str]| table(numbers).check_numbers().is_ok();
        assert!(check(&["A001", "A002", "B001", "AK001", "AK007"]), "side lanes may have gaps");
        assert!(!check(&["A001", "A001"]), "twice");
        assert!(!check(&["A001", "A003"]), "a gap");
        assert!(!check(&["A002"]), "not from 1");
        assert!(!check(&["AK001", "AK001"]), "twice in a side lane");
    }

    #[test]
    fn tables_differ_in_facts_but_not_in_figures_of_the_moment() {
        let row = |ahead: u32, state: &str| {
            let row = json!({ "id": "x", "number": "A001", "service": "cash", "state": state, "ahead": ahead });
            Table::of_rows(vec![row]).expect("a good row")
        };
        assert_eq!(row(1, "waiting"), row(2, "waiting"));
        assert_ne!(row(1, "waiting"), row(1, "called"));
        assert!(row(1, "waiting").difference(&row(1, "called")).contains("called"));
    }

    #[test]
    fn a_main_lane_number_has_one_letter() {
        assert_eq!(main_lane("A017"), Some(('A', 17)));
        assert_eq!(main_lane("AK003"), None);
        assert_eq!(main_lane(""), None);
    }
}
