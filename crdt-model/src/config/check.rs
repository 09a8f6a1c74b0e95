//! What a configuration must keep to: every section is checked whole, with its references to the others.

use std::collections::BTreeSet;

use crate::command::Rejection;

use super::{Config, Counter, DeviceSettings, Printer, Profile, Screen, Service, Staff, Text};

/// Longest text a person reads, in characters.
pub const MAX_TEXT_CHARS: usize = 80;
/// Entries of a section at most.
const MAX_ENTRIES: usize = 256;
/// A day: no wait, aging or service lasts longer.
const DAY_S: u32 = 24 * 3600;

type Checked = Result<(), Rejection>;

impl Config {
    /// Checks every section and the references between them.
    ///
    /// # Errors
    /// [`Rejection::Invalid`] with the place of the first mistake.
    pub fn check(&self) -> Checked {
        self.check_branch()?;
        self.check_queues()?;
        self.check_services()?;
        self.check_profiles()?;
        self.check_zones()?;
        self.check_counters()?;
        self.check_screens()?;
        self.check_hours()?;
        self.check_thresholds()?;
        theme("themes.default", &self.themes.default)?;
        self.check_public()?;
        bounded("ranks", self.ranks.len())?;
        self.check_webhooks()
    }

    fn check_branch(&self) -> Checked {
        let b = &self.branch;
        line("branch.name", &b.name)?;
        let zone_ok = b.time_zone.len() <= 64
            && b.time_zone.bytes().all(|c| c.is_ascii_alphanumeric() || b"/_+-".contains(&c))
            && !b.time_zone.starts_with('/');
        require(zone_ok, "branch.time_zone", || "an IANA name such as Asia/Shanghai is expected".into())?;
        let url = &b.public_url;
        require(url.is_empty() || is_web_address(url), "branch.public_url", || WEB_ADDRESS_RULE.into())?;
        languages("branch.languages", &b.languages)
    }

    fn check_queues(&self) -> Checked {
        require(!self.queues.is_empty(), "queues", || "at least one queue is needed".into())?;
        unique_names("queues", self.queues.iter().map(|q| q.id.as_str()))?;
        self.queues.iter().enumerate().try_for_each(|(i, q)| text(&format!("queues[{i}].name"), &q.name))
    }

    fn check_services(&self) -> Checked {
        require(!self.services.is_empty(), "services", || "at least one service is needed".into())?;
        unique_names("services", self.services.iter().map(|s| s.id.as_str()))?;
        let mut prefixes = BTreeSet::new();
        for (i, service) in self.services.iter().enumerate() {
            let at = |field: &str| format!("services[{i}].{field}");
            require(service.prefix.is_ascii_uppercase(), &at("prefix"), || "one letter A to Z is expected".into())?;
            require(prefixes.insert(service.prefix), &at("prefix"), || {
                format!("{} is the letter of another service", service.prefix)
            })?;
            self.check_service(service, &at)?;
        }
        Ok(())
    }

    fn check_service(&self, service: &Service, at: &dyn Fn(&str) -> String) -> Checked {
        text(&at("name"), &service.name)?;
        if let Some(group) = &service.group {
            line(&at("group"), group)?;
        }
        unique_names(&at("categories"), service.categories.iter().map(|c| c.id.as_str()))?;
        service.categories.iter().try_for_each(|c| text(&at("categories"), &c.name))?;
        let known = self.queues.iter().any(|q| q.id == service.queue);
        require(known, &at("queue"), || format!("there is no queue {:?}", cut(&service.queue)))?;
        let range_ok = (1..=8 * 3600).contains(&service.mean_service_s);
        require(range_ok, &at("mean_service_s"), || "1 to 28800 seconds are expected".into())
    }

    fn check_profiles(&self) -> Checked {
        require(!self.profiles.is_empty(), "profiles", || "at least one work profile is needed".into())?;
        unique_names("profiles", self.profiles.iter().map(|p| p.id.as_str()))?;
        self.profiles.iter().enumerate().try_for_each(|(i, p)| self.check_profile(i, p))
    }

    fn check_profile(&self, i: usize, profile: &Profile) -> Checked {
        let at = |field: &str| format!("profiles[{i}].{field}");
        text(&at("name"), &profile.name)?;
        require(!profile.queues.is_empty(), &at("queues"), || "at least one queue is needed".into())?;
        unique_names(&at("queues"), profile.queues.iter().map(|q| q.queue.as_str()))?;
        require(profile.aging_s <= DAY_S, &at("aging_s"), || "0 to 86400 seconds are expected".into())?;
        for q in &profile.queues {
            let known = self.queues.iter().any(|known| known.id == q.queue);
            require(known, &at("queues"), || format!("there is no queue {:?}", cut(&q.queue)))?;
            require(q.priority >= 1, &at("priority"), || "1 is served first; 0 is not a priority".into())?;
            require(q.after_wait_s <= DAY_S, &at("after_wait_s"), || "0 to 86400 seconds are expected".into())?;
        }
        Ok(())
    }

    fn check_zones(&self) -> Checked {
        unique_names("zones", self.zones.iter().map(|z| z.id.as_str()))?;
        for (i, zone) in self.zones.iter().enumerate() {
            let at = |field: &str| format!("zones[{i}].{field}");
            text(&at("name"), &zone.name)?;
            bounded(&at("aliases"), zone.aliases.len())?;
            zone.aliases.iter().chain(&zone.theme).try_for_each(|t| line(&at("aliases or theme"), t))?;
        }
        Ok(())
    }

    fn check_counters(&self) -> Checked {
        bounded("counters", self.counters.len())?;
        let mut numbers = BTreeSet::new();
        for (i, counter) in self.counters.iter().enumerate() {
            let at = |field: &str| format!("counters[{i}].{field}");
            let n = counter.number;
            require(n >= 1, &at("number"), || "1 to 255 is expected".into())?;
            require(numbers.insert(n), &at("number"), || format!("counter {n} stands here twice"))?;
            self.check_counter(counter, &at)?;
        }
        Ok(())
    }

    fn check_counter(&self, counter: &Counter, at: &dyn Fn(&str) -> String) -> Checked {
        optional_text(&at("name"), &counter.name)?;
        self.check_zone_of(counter.zone.as_deref(), at)?;
        let known = self.profiles.iter().any(|p| p.id == counter.profile);
        require(known, &at("profile"), || format!("there is no work profile {:?}", cut(&counter.profile)))
    }

    fn check_zone_of(&self, zone: Option<&str>, at: &dyn Fn(&str) -> String) -> Checked {
        let Some(zone) = zone else { return Ok(()) };
        let known = self.zones.iter().any(|z| z.id == zone);
        require(known, &at("zone"), || format!("there is no zone {:?}", cut(zone)))
    }

    fn check_screens(&self) -> Checked {
        bounded("screens", self.screens.len())?;
        let mut addresses = BTreeSet::new();
        for (i, screen) in self.screens.iter().enumerate() {
            let at = |field: &str| format!("screens[{i}].{field}");
            let address = screen.address;
            require(address >= 1, &at("address"), || "1 to 255 is expected".into())?;
            require(addresses.insert(address), &at("address"), || {
                format!("address {address} is taken: both screens would show the same")
            })?;
            self.check_screen(screen, &at)?;
        }
        Ok(())
    }

    fn check_screen(&self, screen: &Screen, at: &dyn Fn(&str) -> String) -> Checked {
        self.check_zone_of(screen.zone.as_deref(), at)?;
        optional_text(&at("idle_text"), &screen.idle_text)?;
        bounded(&at("counters"), screen.counters.len())?;
        let missing = screen.counters.iter().find(|n| !self.counters.iter().any(|c| c.number == **n));
        missing.map_or(Ok(()), |n| Err(Rejection::invalid(&at("counters"), format!("there is no counter {n}"))))
    }

    fn check_hours(&self) -> Checked {
        bounded("hours", self.hours.len())?;
        let mut sorted = self.hours.clone();
        sorted.sort_by_key(|h| (h.weekday, h.opens));
        for h in &sorted {
            require((1..=7).contains(&h.weekday), "hours.weekday", || "1 (Monday) to 7 (Sunday) is expected".into())?;
            require(h.opens < h.closes, "hours.closes", || "closing must be after opening".into())?;
        }
        let overlap = sorted.windows(2).any(|w| w[0].weekday == w[1].weekday && w[1].opens < w[0].closes);
        require(!overlap, "hours", || "two periods of one day overlap".into())
    }

    fn check_thresholds(&self) -> Checked {
        let t = &self.thresholds;
        let level_ok = (1..=DAY_S).contains(&t.service_level_s);
        require(level_ok, "thresholds.service_level_s", || "1 to 86400 seconds are expected".into())?;
        let session_ok = (60..=7 * DAY_S).contains(&t.session_s);
        require(session_ok, "thresholds.session_s", || "60 to 604800 seconds are expected".into())?;
        let keep_ok = (1..=3660).contains(&t.keep_days);
        require(keep_ok, "thresholds.keep_days", || "1 to 3660 days are expected".into())?;
        for (field, texts) in [("thresholds.pause_reasons", &t.pause_reasons), ("thresholds.outcomes", &t.outcomes)] {
            bounded(field, texts.len())?;
            texts.iter().try_for_each(|one| line(field, one))?;
            let unique: BTreeSet<&String> = texts.iter().collect();
            require(unique.len() == texts.len(), field, || "the same text stands here twice".into())?;
        }
        Ok(())
    }

    fn check_webhooks(&self) -> Checked {
        unique_names("webhooks", self.webhooks.iter().map(|w| w.id.as_str()))?;
        for (i, hook) in self.webhooks.iter().enumerate() {
            let at = |field: &str| format!("webhooks[{i}].{field}");
            require(is_web_address(&hook.url), &at("url"), || WEB_ADDRESS_RULE.into())?;
            let secret_ok = (16..=256).contains(&hook.secret.len());
            require(secret_ok, &at("secret"), || "16 to 256 characters are expected".into())?;
            bounded(&at("events"), hook.events.len())?;
            hook.events.iter().try_for_each(|e| line(&at("events"), e))?;
        }
        Ok(())
    }
}

/// Checks a staff member.
///
/// # Errors
/// [`Rejection::Invalid`] with the place of the first mistake.
pub fn check_staff(staff: &Staff) -> Checked {
    require(is_name(&staff.id), "id", || NAME_RULE.into())?;
    line("name", &staff.name)?;
    let roles: BTreeSet<_> = staff.roles.iter().collect();
    let roles_ok = !roles.is_empty() && roles.len() == staff.roles.len();
    require(roles_ok, "roles", || "one or more different roles are needed".into())?;
    let hash_ok = staff.pin_hash.starts_with("$argon2id$") && staff.pin_hash.len() <= 256;
    require(hash_ok, "pin_hash", || "an argon2id hash is expected".into())
}

/// Checks a device's settings.
///
/// # Errors
/// [`Rejection::Invalid`] with the place of the first mistake.
pub fn check_settings(settings: &DeviceSettings) -> Checked {
    let minutes_ok = (1..=120).contains(&settings.waiting_reminder_min);
    require(minutes_ok, "waiting_reminder_min", || "1 to 120 minutes are expected".into())?;
    theme("theme", &settings.theme)?;
    let language_ok = ["zh-CN", "en"].contains(&settings.language.as_str());
    require(language_ok, "language", || "zh-CN or en is expected".into())?;
    settings.printer.as_ref().map_or(Ok(()), Printer::check)
}

const WEB_ADDRESS_RULE: &str = "an http or https address of at most 500 characters is expected";

fn is_web_address(url: &str) -> bool {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    host.is_some_and(|h| !h.is_empty()) && url.len() <= 500 && !url.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// Some of the product's languages, each once.
pub(super) fn languages(field: &str, given: &[String]) -> Checked {
    let known = ["zh-CN", "en"];
    let different: BTreeSet<&str> = given.iter().map(String::as_str).collect();
    let ok = !given.is_empty() && different.len() == given.len() && different.iter().all(|l| known.contains(l));
    require(ok, field, || format!("one or more of {} is expected", known.join(", ")))
}

const NAME_RULE: &str = "1 to 32 characters a-z, 0-9 and _ are expected";

/// Whether `text` can name a service, queue, profile, zone or staff member.
pub fn is_name(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

pub(super) fn require(ok: bool, field: &str, detail: impl FnOnce() -> String) -> Checked {
    if ok { Ok(()) } else { Err(Rejection::invalid(field, detail())) }
}

pub(super) fn bounded(field: &str, entries: usize) -> Checked {
    require(entries <= MAX_ENTRIES, field, || format!("at most {MAX_ENTRIES} entries are allowed"))
}

fn unique_names<'a>(field: &str, names: impl Iterator<Item = &'a str>) -> Checked {
    let mut seen = BTreeSet::new();
    for name in names {
        require(is_name(name), &format!("{field}.id"), || format!("{:?}: {NAME_RULE}", cut(name)))?;
        require(seen.insert(name), &format!("{field}.id"), || format!("{name:?} stands here twice"))?;
        bounded(field, seen.len())?;
    }
    Ok(())
}

pub(super) fn line(field: &str, text: &str) -> Checked {
    require(!text.trim().is_empty(), field, || "a text is needed".into())?;
    optional_line(field, text)
}

fn optional_line(field: &str, text: &str) -> Checked {
    let ok = text.chars().count() <= MAX_TEXT_CHARS && !text.chars().any(char::is_control);
    require(ok, field, || format!("at most {MAX_TEXT_CHARS} printable characters are allowed"))
}

pub(super) fn text(field: &str, text: &Text) -> Checked {
    line(&format!("{field}.zh"), &text.zh)?;
    line(&format!("{field}.en"), &text.en)
}

fn optional_text(field: &str, text: &Text) -> Checked {
    optional_line(&format!("{field}.zh"), &text.zh)?;
    optional_line(&format!("{field}.en"), &text.en)
}

fn theme(field: &str, theme: &str) -> Checked {
    let ok = ["light", "dark", "system"].contains(&theme);
    require(ok, field, || "light, dark or system is expected".into())
}

/// Hostile text stays short in an answer.
fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}
