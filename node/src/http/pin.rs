//! PINs and passwords: argon2id, never on the threads that serve requests.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

/// A hash nobody knows the PIN of, so that an unknown staff id costs the same time as a known one.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash(&super::session::fresh_token()));

/// Hashes a PIN or password with a random salt; about 20 ms of CPU, so call it on a blocking thread.
pub fn hash(pin: &str) -> String {
    let hashed: PasswordHash =
        Argon2::default().hash_password(pin.as_bytes()).expect("default parameters hash any text of a bounded length");
    hashed.to_string()
}

/// Whether `pin` is the one that was hashed; without a hash it is wrong, after the same time.
pub fn verify(pin: &str, stored: Option<&str>) -> bool {
    let hash = stored.unwrap_or(&NOBODY);
    let right = Argon2::default().verify_password(pin.as_bytes(), hash).is_ok();
    right && stored.is_some()
}

/// What is wrong with a new PIN or password, if anything.
pub fn weakness(pin: &str) -> Option<&'static str> {
    let chars = pin.chars().count();
    if pin.chars().any(char::is_control) {
        return Some("a PIN or password may not contain control characters");
    }
    let digits = pin.bytes().all(|b| b.is_ascii_digit());
    match (digits, chars) {
        (true, 4..=12) | (false, 8..=64) => None,
        _ => Some("a PIN has 4 to 12 digits, a password 8 to 64 characters"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_pin_verifies() {
        let stored = hash("2468");
        assert!(stored.starts_with("$argon2id$"));
        assert!(verify("2468", Some(&stored)));
        assert!(!verify("2469", Some(&stored)));
        assert!(!verify("2468", None));
        assert!(!verify("2468", Some("not a hash")));
    }

    #[test]
    fn pins_and_passwords_have_bounds() {
        for good in ["1234", "123456789012", "correct horse", "密码密码密码密码"] {
            assert_eq!(weakness(good), None, "{good}");
        }
        for bad in ["", "123", "1234567890123", "short", &"x".repeat(65), "tab\tin the text"] {
            assert!(weakness(bad).is_some(), "{bad}");
        }
    }
}
