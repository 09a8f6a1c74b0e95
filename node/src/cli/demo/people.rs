//! The demo's staff, made through the public API, and signing in.

use serde_json::{Value, json};

use super::super::api::{Api, Refusal, new_key};
use super::super::error::Failure;
use super::super::say;
use super::Stage;
use super::cast::{Device, MANAGER, Person, STAFF};

/// Creates those staff members that are not there yet.
pub(super) async fn create(stage: &Stage, device: &Device) -> Result<(), Failure> {
    let failed = |refusal: Refusal| {
        let reason = Failure::from(refusal).sentence(stage.terminal.lang);
        Failure::new(say::DEMO_STAFF, &[("reason", &reason)])
    };
    let api = Api::new(stage.url(device), stage.terminal.lang);
    let api = sign_in(&api, &MANAGER).await.map_err(failed)?;
    let present = api.get("/staff").await.map_err(failed)?;
    for person in STAFF.iter().filter(|person| !is_listed(&present, person.id)) {
        let body = json!({ "id": person.id, "name": person.name, "pin": person.pin, "roles": person.roles });
        api.post("/staff", &body, &new_key()).await.map_err(failed)?;
    }
    Ok(())
}

/// The node, asked as this staff member from now on.
///
/// # Errors
/// As [`Refusal`] says.
pub(super) async fn sign_in(api: &Api, person: &Person) -> Result<Api, Refusal> {
    let session = api.post("/session", &json!({ "staff_id": person.id, "pin": person.pin }), &new_key()).await?;
    Ok(api.with_token(session["token"].as_str().unwrap_or_default().to_owned()))
}

fn is_listed(answer: &Value, id: &str) -> bool {
    let rows = answer.as_array().or_else(|| answer["staff"].as_array()).or_else(|| answer["items"].as_array());
    rows.into_iter().flatten().any(|row| row["id"] == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staff_are_found_in_a_bare_or_a_wrapped_list() {
        assert!(is_listed(&json!([{ "id": "a" }]), "a"));
        assert!(is_listed(&json!({ "staff": [{ "id": "a" }] }), "a"));
        assert!(!is_listed(&json!({ "staff": [{ "id": "a" }] }), "b"));
    }
}
