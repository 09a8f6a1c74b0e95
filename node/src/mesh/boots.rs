//! Telling a device that was restarted from one that runs twice, as the copy of a disk does.
//!
//! Every start of a node draws its own number. A start that another one followed is over and never comes back; if it does,
//! more than once, both are alive. Then neither is let in until only one of them has knocked for a while: two devices with
//! one voice could call a customer twice, and nobody can tell which of them is the right one.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long one of the two must have knocked alone before it is let in.
pub const SHUT_FOR: Duration = Duration::from_secs(30);
/// Starts that must come back: one may be a connection that was made before the restart and accepted after it.
const RETURNS: u32 = 2;
/// Returns further apart than this have nothing to do with one another.
const TOGETHER: Duration = Duration::from_secs(600);
/// Starts of a device that are remembered.
const REMEMBERED: usize = 8;

/// The starts of one device, as its hellos told them.
#[derive(Debug, Default)]
pub struct Boots {
    newest: Option<[u8; 16]>,
    over: VecDeque<[u8; 16]>,
    returns: u32,
    returned_at: Option<Instant>,
    shut_until: Option<Instant>,
}

impl Boots {
    /// Notes a hello of the start `boot`; false if the device runs twice and is not let in now.
    pub fn admits(&mut self, boot: [u8; 16], now: Instant) -> bool {
        if self.shut_until.is_some_and(|until| now >= until) {
            // Whoever comes first now may have stayed alone.
            (self.shut_until, self.newest, self.returns) = (None, None, 0);
        }
        if self.newest == Some(boot) {
            return self.shut_until.is_none();
        }
        if self.over.contains(&boot) && self.newest.is_some() {
            let together = self.returned_at.is_some_and(|at| now < at + TOGETHER);
            self.returns = if together { self.returns + 1 } else { 1 };
            self.returned_at = Some(now);
            if self.returns >= RETURNS {
                self.shut_until = Some(now + SHUT_FOR);
            }
        }
        if let Some(former) = self.newest.replace(boot)
            && !self.over.contains(&former)
        {
            self.over.truncate(REMEMBERED - 1);
            self.over.push_front(former);
        }
        self.shut_until.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hellos of starts at seconds; which of them are let in.
    fn admitted(hellos: &[(u8, u64)]) -> Vec<bool> {
        let (mut boots, begin) = (Boots::default(), Instant::now());
        hellos.iter().map(|(boot, at)| boots.admits([*boot; 16], begin + Duration::from_secs(*at))).collect()
    }

    #[test]
    fn restarts_are_let_in_however_many_they_are() {
        let restarts: Vec<(u8, u64)> = (0..40).flat_map(|boot| [(boot, 10), (boot, 10)]).collect();
        assert!(admitted(&restarts).iter().all(|let_in| *let_in));
    }

    #[test]
    fn a_connection_made_before_a_restart_may_be_accepted_after_it() {
        assert_eq!(admitted(&[(1, 0), (2, 1), (1, 1)]), [true, true, true]);
        assert_eq!(admitted(&[(1, 0), (2, 1), (1, 1), (3, 90), (1, 800)]), [true; 5], "long ago is forgotten");
    }

    #[test]
    fn two_that_take_turns_are_shut_out_until_one_stays_alone() {
        assert_eq!(admitted(&[(1, 0), (2, 1), (1, 2), (2, 3)]), [true, true, true, false]);
        let both = [(1, 0), (2, 1), (1, 2), (2, 3), (1, 20), (2, 32), (2, 40), (1, 61), (1, 90), (1, 92), (3, 95)];
        let shut = [true, true, true, false, false, false, false, false, false, true, true];
        assert_eq!(admitted(&both), shut, "as long as both knock, neither is let in");
        let alone = [(1, 0), (2, 1), (1, 2), (2, 3), (1, 34), (1, 35), (1, 700)];
        assert_eq!(admitted(&alone), [true, true, true, false, true, true, true]);
    }
}
