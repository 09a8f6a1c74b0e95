//! A sentence in both languages, and which of them is spoken.

use std::fmt::Display;

/// A language of the product.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lang {
    /// Simplified Chinese, `zh-CN`.
    Zh,
    /// English, `en`.
    En,
}

impl Lang {
    /// Both.
    #[cfg(test)]
    pub(super) const ALL: [Lang; 2] = [Lang::Zh, Lang::En];

    /// Reads a tag or locale such as `zh-CN`, `zh_CN.UTF-8`, `en` or `en_GB`.
    pub(super) fn of(tag: &str) -> Option<Lang> {
        let language = tag.split(['-', '_', '.']).next().unwrap_or_default().to_ascii_lowercase();
        match language.as_str() {
            "zh" => Some(Lang::Zh),
            "en" => Some(Lang::En),
            _ => None,
        }
    }

    /// The first of these that names one of ours; English if none does.
    pub(super) fn choose<'a>(tags: impl IntoIterator<Item = Option<&'a str>>) -> Lang {
        tags.into_iter().flatten().find_map(Lang::of).unwrap_or(Lang::En)
    }

    /// As programs write it.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Lang::Zh => "zh-CN",
            Lang::En => "en",
        }
    }
}

/// A sentence in both languages. `{name}` is replaced by [`Text::with`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    /// Simplified Chinese.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

impl Text {
    /// In `lang`.
    pub(super) fn get(self, lang: Lang) -> &'static str {
        match lang {
            Lang::Zh => self.zh,
            Lang::En => self.en,
        }
    }

    /// In `lang`, with each `{name}` replaced. What is put in is never searched again.
    pub(super) fn with(self, lang: Lang, values: &[(&str, &dyn Display)]) -> String {
        let mut out = String::new();
        let mut rest = self.get(lang);
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            let value = values.iter().find(|(key, _)| *key == name);
            out.push_str(&value.map_or_else(|| format!("{{{name}}}"), |(_, value)| value.to_string()));
            rest = after;
        }
        out + rest
    }

    /// The names in braces, sorted.
    #[cfg(test)]
    pub(super) fn names(text: &str) -> Vec<&str> {
        let mut names: Vec<_> = text.split('{').skip(1).filter_map(|part| part.split('}').next()).collect();
        names.sort_unstable();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_first_that_is_ours() {
        assert_eq!(Lang::choose([None, Some("zh_CN.UTF-8")]), Lang::Zh);
        assert_eq!(Lang::choose([Some("en"), Some("zh_CN.UTF-8")]), Lang::En);
        assert_eq!(Lang::choose([Some("fr_FR"), None]), Lang::En);
        assert_eq!(Lang::choose([Some("C.UTF-8"), Some("zh")]), Lang::Zh);
    }

    #[test]
    fn values_are_put_in_once() {
        let text = Text { zh: "{a}和{b}", en: "{a} and {b}" };
        assert_eq!(text.with(Lang::En, &[("a", &"{b}"), ("b", &2)]), "{b} and 2");
        assert_eq!(text.with(Lang::Zh, &[("a", &1), ("b", &2)]), "1和2");
        assert_eq!(Text::names(text.en), ["a", "b"]);
    }
}
