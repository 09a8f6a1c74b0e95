//! Who is signed in at this node, who may not try again yet, and which pairing codes are open. Memory only: a restart
//! signs everybody out. Tokens are kept as digests, so a memory dump of this table opens nothing.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use branchmesh_model::ids::StaffId;
use branchmesh_model::schema::Role;
use branchmesh_model::time::UnixMs;
use data_encoding::BASE32_NOPAD;
use rand::RngExt;

use super::problem::Problem;
use super::texts;

/// Sessions held at once; the one that lapses first makes room.
const MAX_SESSIONS: usize = 1024;
/// Pairs of staff id and address watched for wrong tries.
const MAX_WATCHED: usize = 4096;
/// Wrong tries before a pair must wait.
const FREE_TRIES: u32 = 5;
/// First wait; doubles with every further wrong try.
const FIRST_WAIT_S: u64 = 30;
/// Longest wait.
const LONGEST_WAIT_S: u64 = 900;
/// A pair without a try for this long starts afresh.
const FORGET_AFTER_MS: i64 = 3_600_000;
/// How long a pairing code can be used.
pub(crate) const PAIRING_MS: i64 = 120_000;
/// Open pairing codes at once.
const MAX_PAIRINGS: usize = 16;
/// Wrong codes, from anywhere, that void every open code: six digits must not be guessed by many machines together.
const MAX_WRONG_CODES: u32 = 20;

/// The refusal of a try that comes `seconds` too early.
pub(crate) fn too_many(seconds: u64) -> Problem {
    Problem::new(texts::TOO_MANY_ATTEMPTS)
        .fact("seconds", seconds.to_string())
        .extra("retry_after_s", seconds)
        .retry_after(seconds)
}

type Digest = [u8; 32];

/// Whom a session speaks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Subject {
    /// A staff member; the digest of the PIN hash ends the session when the PIN changes.
    Staff { id: StaffId, pin: Digest },
    /// A screen that was paired: it speaks for this node in this role, until the staff member's right ends or it lapses.
    Screen(Role),
}

/// A session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) subject: Subject,
    /// What cookie-authenticated changes must send in `X-Branchmesh-CSRF`.
    pub(crate) csrf: String,
    pub(crate) expires_at: UnixMs,
}

#[derive(Default)]
struct Tries {
    wrong: u32,
    last: UnixMs,
    until: UnixMs,
}

struct Pairing {
    code: String,
    role: Role,
    expires_at: UnixMs,
}

#[derive(Default)]
struct Inner {
    sessions: HashMap<Digest, Session>,
    tries: HashMap<(String, IpAddr), Tries>,
    pairings: Vec<Pairing>,
    wrong_codes: u32,
}

/// All sessions of this node.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<Inner>);

/// 160 random bits as 32 letters and digits.
pub(crate) fn fresh_token() -> String {
    let mut bytes = [0u8; 20];
    rand::rng().fill(&mut bytes);
    BASE32_NOPAD.encode(&bytes).to_ascii_lowercase()
}

fn digest(token: &str) -> Digest {
    *blake3::hash(token.as_bytes()).as_bytes()
}

/// The digest that ties a session to the PIN it was opened with.
pub(crate) fn pin_digest(pin_hash: &str) -> Digest {
    digest(pin_hash)
}

impl Sessions {
    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().expect("no holder of this lock panics")
    }

    /// Opens a session; returns its token, which is kept nowhere.
    pub(crate) fn open(&self, subject: Subject, now: UnixMs, lasts_s: u32) -> (String, Session) {
        let token = fresh_token() + &fresh_token();
        let session = Session {
            subject,
            csrf: fresh_token(),
            expires_at: UnixMs(now.0.saturating_add(i64::from(lasts_s) * 1000)),
        };
        let mut inner = self.inner();
        inner.sessions.retain(|_, s| s.expires_at > now);
        if inner.sessions.len() >= MAX_SESSIONS {
            let first = inner.sessions.iter().min_by_key(|(_, s)| s.expires_at).map(|(d, _)| *d);
            first.map(|d| inner.sessions.remove(&d));
        }
        inner.sessions.insert(digest(&token), session.clone());
        (token, session)
    }

    /// The session of a token, unless it lapsed.
    pub(crate) fn find(&self, token: &str, now: UnixMs) -> Option<Session> {
        self.inner().sessions.get(&digest(token)).filter(|s| s.expires_at > now).cloned()
    }

    /// Ends a session.
    pub(crate) fn close(&self, token: &str) {
        self.inner().sessions.remove(&digest(token));
    }

    /// Counts a try before it is checked, so that tries made at once count too.
    ///
    /// # Errors
    /// Seconds to wait, if there were too many.
    pub(crate) fn try_sign_in(&self, who: &str, ip: IpAddr, now: UnixMs) -> Result<(), u64> {
        let mut inner = self.inner();
        if inner.tries.len() >= MAX_WATCHED {
            inner.tries.retain(|_, t| now.0 - t.last.0 < FORGET_AFTER_MS);
        }
        if inner.tries.len() >= MAX_WATCHED {
            let oldest = inner.tries.iter().min_by_key(|(_, t)| t.last).map(|(k, _)| k.clone());
            oldest.map(|k| inner.tries.remove(&k));
        }
        let tries = inner.tries.entry((who.chars().take(64).collect(), ip)).or_default();
        if now.0 - tries.last.0 >= FORGET_AFTER_MS {
            *tries = Tries::default();
        }
        if tries.until > now {
            return Err(u64::try_from(tries.until.0 - now.0).unwrap_or(0).div_ceil(1000));
        }
        tries.wrong += 1;
        tries.last = now;
        if tries.wrong >= FREE_TRIES {
            let wait_s = (FIRST_WAIT_S << (tries.wrong - FREE_TRIES).min(10)).min(LONGEST_WAIT_S);
            tries.until = UnixMs(now.0.saturating_add_unsigned(wait_s * 1000));
        }
        Ok(())
    }

    /// The try was right: forget the wrong ones.
    pub(crate) fn succeeded(&self, who: &str, ip: IpAddr) {
        self.inner().tries.remove(&(who.chars().take(64).collect(), ip));
    }

    /// Makes a pairing code for a screen.
    pub(crate) fn offer_pairing(&self, role: Role, now: UnixMs) -> (String, UnixMs) {
        let code = format!("{:06}", rand::rng().random_range(0..1_000_000u32));
        let expires_at = UnixMs(now.0.saturating_add(PAIRING_MS));
        let mut inner = self.inner();
        inner.pairings.retain(|p| p.expires_at > now && p.code != code);
        if inner.pairings.len() >= MAX_PAIRINGS {
            inner.pairings.remove(0);
        }
        inner.wrong_codes = 0;
        inner.pairings.push(Pairing { code: code.clone(), role, expires_at });
        (code, expires_at)
    }

    /// Uses a pairing code up; gives the role of the screen.
    pub(crate) fn use_pairing(&self, code: &str, now: UnixMs) -> Option<Role> {
        let mut inner = self.inner();
        inner.pairings.retain(|p| p.expires_at > now);
        let found = inner.pairings.iter().position(|p| p.code == code);
        let Some(place) = found else {
            inner.wrong_codes += 1;
            if inner.wrong_codes >= MAX_WRONG_CODES {
                inner.pairings.clear();
            }
            return None;
        };
        Some(inner.pairings.remove(place).role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 8));

    #[test]
    fn a_session_lapses_and_ends() {
        let sessions = Sessions::default();
        let (token, session) = sessions.open(Subject::Screen(Role::Display), UnixMs(0), 10);
        assert_eq!(session.expires_at, UnixMs(10_000));
        assert!(sessions.find(&token, UnixMs(9_999)).is_some());
        assert!(sessions.find(&token, UnixMs(10_000)).is_none());
        sessions.close(&token);
        assert!(sessions.find(&token, UnixMs(0)).is_none());
    }

    #[test]
    fn the_table_of_sessions_is_bounded() {
        let sessions = Sessions::default();
        let (first, _) = sessions.open(Subject::Screen(Role::Display), UnixMs(0), 1);
        for _ in 0..MAX_SESSIONS {
            sessions.open(Subject::Screen(Role::Display), UnixMs(0), 10);
        }
        assert_eq!(sessions.inner().sessions.len(), MAX_SESSIONS);
        assert!(sessions.find(&first, UnixMs(0)).is_none());
    }

    #[test]
    fn the_sixth_try_waits_and_waits_grow() {
        let sessions = Sessions::default();
        for _ in 0..FREE_TRIES {
            assert_eq!(sessions.try_sign_in("t1", IP, UnixMs(0)), Ok(()));
        }
        assert_eq!(sessions.try_sign_in("t1", IP, UnixMs(0)), Err(FIRST_WAIT_S));
        assert_eq!(sessions.try_sign_in("t1", OTHER, UnixMs(0)), Ok(()), "another address is not punished");
        let later = UnixMs(30_000);
        assert_eq!(sessions.try_sign_in("t1", IP, later), Ok(()));
        assert_eq!(sessions.try_sign_in("t1", IP, later), Err(2 * FIRST_WAIT_S));
        sessions.succeeded("t1", IP);
        assert_eq!(sessions.try_sign_in("t1", IP, later), Ok(()));
    }

    #[test]
    fn a_pairing_code_works_once_and_not_for_long() {
        let sessions = Sessions::default();
        let (code, until) = sessions.offer_pairing(Role::Kiosk, UnixMs(0));
        assert_eq!(code.len(), 6);
        assert_eq!(sessions.use_pairing(&code, until), None);
        let (code, _) = sessions.offer_pairing(Role::Kiosk, UnixMs(0));
        assert_eq!(sessions.use_pairing(&code, UnixMs(1)), Some(Role::Kiosk));
        assert_eq!(sessions.use_pairing(&code, UnixMs(1)), None);
    }

    #[test]
    fn guessing_voids_every_open_code() {
        let sessions = Sessions::default();
        let (code, _) = sessions.offer_pairing(Role::Kiosk, UnixMs(0));
        for _ in 0..MAX_WRONG_CODES {
            assert_eq!(sessions.use_pairing("wrong!", UnixMs(1)), None);
        }
        assert_eq!(sessions.use_pairing(&code, UnixMs(1)), None);
    }
}
