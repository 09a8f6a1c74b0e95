//! Where two contents of a section differ, in the words of a person: by the name of an entry, not by its place.

use serde::Serialize;
use serde_json::Value;

/// What names an entry of a list, by the kind of entry.
const NAMES: [&str; 3] = ["id", "number", "address"];

/// One place that differs.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Difference {
    /// Where, such as `services/cash/name/en`.
    pub path: String,
    /// What stands there now; none if nothing does.
    pub before: Option<Value>,
    /// What would stand there; none if nothing would.
    pub after: Option<Value>,
}

/// All places where `after` differs from `before`, both found at `path`.
pub fn differences(path: &str, before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = vec![];
    compare(path, before, after, &mut found);
    found
}

fn compare(path: &str, before: &Value, after: &Value, found: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    let (Some(old), Some(new)) = (parts(before), parts(after)) else {
        found.push(Difference { path: path.into(), before: Some(before.clone()), after: Some(after.clone()) });
        return;
    };
    let of = |parts: &[(String, &Value)], name: &str| parts.iter().find(|(n, _)| n == name).map(|(_, v)| (*v).clone());
    for (name, was) in &old {
        let path = format!("{path}/{name}");
        match of(&new, name) {
            Some(is) => compare(&path, was, &is, found),
            None => found.push(Difference { path, before: Some((*was).clone()), after: None }),
        }
    }
    for (name, is) in new.iter().filter(|(name, _)| of(&old, name).is_none()) {
        found.push(Difference { path: format!("{path}/{name}"), before: None, after: Some((*is).clone()) });
    }
    let order = |these: &[(String, &Value)], others: &[(String, &Value)]| -> Vec<Value> {
        these.iter().filter(|(n, _)| of(others, n).is_some()).map(|(n, _)| n.as_str().into()).collect()
    };
    let (was, is) = (order(&old, &new), order(&new, &old));
    if before.is_array() && was != is {
        found.push(Difference { path: path.into(), before: Some(was.into()), after: Some(is.into()) });
    }
}

/// The named parts of an object or of a list of named entries; none of anything else.
fn parts(value: &Value) -> Option<Vec<(String, &Value)>> {
    match value {
        Value::Object(fields) => Some(fields.iter().map(|(name, v)| (name.clone(), v)).collect()),
        Value::Array(entries) => entries.iter().map(|e| Some((name_of(e)?, e))).collect(),
        _ => None,
    }
}

fn name_of(entry: &Value) -> Option<String> {
    match NAMES.iter().find_map(|name| entry.get(name))? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
