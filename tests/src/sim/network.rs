//! Links between devices: which exist, and what they do to frames.

use std::collections::{BTreeMap, BTreeSet};

use super::Rng;

/// Virtual milliseconds.
pub type Ms = u64;

/// How links behave in one run.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// Usual delay of a frame, ms.
    pub delay: Ms,
    /// Frames lost, per mille: what a full queue or a broken stream costs.
    pub loss: u64,
    /// Frames delivered twice, per mille.
    pub duplication: u64,
    /// Frames that take up to two seconds longer and so overtake nobody but are overtaken, per mille.
    pub straggling: u64,
}

impl Weather {
    /// Weather drawn for a run.
    pub fn draw(rng: &mut Rng) -> Self {
        Self {
            delay: [1, 2, 15][rng.below(3) as usize],
            loss: [0, 0, 10, 50][rng.below(4) as usize],
            duplication: [0, 20, 100][rng.below(3) as usize],
            straggling: [0, 5, 30][rng.below(3) as usize],
        }
    }

    /// No faults at all.
    pub fn calm(self) -> Self {
        Self { delay: self.delay.min(2), loss: 0, duplication: 0, straggling: 0 }
    }

    /// When each copy of a frame sent now arrives, after which delay.
    pub fn arrivals(&self, rng: &mut Rng) -> Vec<Ms> {
        let mut arrivals = Vec::new();
        if rng.chance(self.loss) {
            return arrivals;
        }
        loop {
            let mut delay = self.delay / 2 + rng.below(self.delay * 2 + 1);
            if rng.chance(self.straggling) {
                delay += rng.below(2000);
            }
            arrivals.push(delay);
            if !rng.chance(self.duplication) {
                return arrivals;
            }
        }
    }
}

/// Who can reach whom, and which sessions are up.
#[derive(Clone, Debug)]
pub struct Network {
    size: usize,
    /// Where each device is plugged in: at its own place, or at that of the device whose copy it is.
    places: Vec<usize>,
    reachable: Vec<Vec<bool>>,
    /// Session number of each pair (lower first) that is connected.
    sessions: BTreeMap<(usize, usize), u64>,
    next_session: u64,
}

impl Network {
    /// Everybody can reach everybody; nobody is connected yet.
    pub fn new(size: usize) -> Self {
        let reachable = vec![vec![true; size]; size];
        Self { size, places: (0..size).collect(), reachable, sessions: BTreeMap::new(), next_session: 0 }
    }

    /// Plugs one more device in beside another one: what cuts that one off cuts it off too.
    pub fn plug_in_beside(&mut self, other: usize) {
        self.places.push(self.places[other]);
    }

    /// Devices of the same group reach one another, others do not.
    pub fn split(&mut self, group_of: &[usize]) {
        for a in 0..self.size {
            for b in 0..self.size {
                self.reachable[a][b] = a == b || group_of.get(a) == group_of.get(b);
            }
        }
    }

    /// Only these pairs reach one another.
    pub fn links(&mut self, pairs: &[(usize, usize)]) {
        for a in 0..self.size {
            for b in 0..self.size {
                self.reachable[a][b] = a == b || pairs.contains(&(a, b)) || pairs.contains(&(b, a));
            }
        }
    }

    /// Everybody reaches everybody.
    pub fn heal(&mut self) {
        self.split(&vec![0; self.size]);
    }

    /// Cuts or mends one link.
    pub fn set(&mut self, a: usize, b: usize, up: bool) {
        self.reachable[a][b] = up;
        self.reachable[b][a] = up;
    }

    /// Cuts one direction of a link.
    pub fn cut_one_way(&mut self, from: usize, to: usize) {
        self.reachable[from][to] = from == to;
    }

    /// Whether packets pass in this direction.
    pub fn passes(&self, from: usize, to: usize) -> bool {
        self.reachable[self.places[from]][self.places[to]]
    }

    /// Whether packets pass between the two.
    pub fn reaches(&self, a: usize, b: usize) -> bool {
        self.passes(a, b) && self.passes(b, a)
    }

    /// The session between the two, if they are connected.
    pub fn session(&self, a: usize, b: usize) -> Option<u64> {
        self.sessions.get(&(a.min(b), a.max(b))).copied()
    }

    /// Whoever is connected with the device, itself among them, over as many others as it takes.
    pub fn in_reach(&self, of: usize) -> BTreeSet<usize> {
        let mut reach = BTreeSet::from([of]);
        let mut next = vec![of];
        while let Some(at) = next.pop() {
            let of_it = self.sessions.keys().filter(|(a, b)| *a == at || *b == at);
            next.extend(of_it.map(|(a, b)| a ^ b ^ at).filter(|other| reach.insert(*other)));
        }
        reach
    }

    /// Connects the two.
    pub fn connect(&mut self, a: usize, b: usize) -> u64 {
        self.next_session += 1;
        self.sessions.insert((a.min(b), a.max(b)), self.next_session);
        self.next_session
    }

    /// Ends the session between the two; whether there was one.
    pub fn disconnect(&mut self, a: usize, b: usize) -> bool {
        self.sessions.remove(&(a.min(b), a.max(b))).is_some()
    }
}
