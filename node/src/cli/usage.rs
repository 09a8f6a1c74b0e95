//! Usage errors in Chinese. clap says them in English by itself; here is the same in the other language, from what clap
//! knows of the error. Its wording of a value's own rule (a number's range, say) stays as it is.

use clap::error::{ContextKind, ErrorKind};

/// The sentence of a usage error; none for help and version, which are no errors.
pub(super) fn in_chinese(error: &clap::Error) -> Option<String> {
    let known = |kind| error.get(kind).map(ToString::to_string).filter(|text| !text.is_empty());
    let argument = known(ContextKind::InvalidArg).unwrap_or_default();
    let what = match (error.kind(), known(ContextKind::InvalidValue)) {
        (
            ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::Io
            | ErrorKind::Format,
            _,
        ) => return None,
        (ErrorKind::MissingRequiredArgument, _) => format!("缺少参数：{argument}。"),
        (ErrorKind::UnknownArgument, _) => format!("没有参数 {argument}。"),
        (ErrorKind::InvalidSubcommand, _) => {
            format!("没有命令 {}。", known(ContextKind::InvalidSubcommand).unwrap_or_default())
        }
        (ErrorKind::MissingSubcommand, _) => "缺少命令。".to_owned(),
        (ErrorKind::InvalidValue, None) => format!("参数 {argument} 缺少取值。"),
        (ErrorKind::InvalidValue | ErrorKind::ValueValidation, Some(value)) => {
            let right = known(ContextKind::ValidValue).map(|v| format!("，可用：{v}")).unwrap_or_default();
            format!("参数 {argument} 的值 {value} 无效{right}。")
        }
        (ErrorKind::ArgumentConflict, _) => match known(ContextKind::PriorArg) {
            Some(other) if other != argument => format!("参数 {argument} 不能与 {other} 同时使用。"),
            _ => format!("参数 {argument} 只能给出一次。"),
        },
        (ErrorKind::NoEquals, _) => format!("参数 {argument} 的值须用等号连接。"),
        (ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues, _) => {
            format!("参数 {argument} 的取值个数不对。")
        }
        _ => "命令行有误。".to_owned(),
    };
    let hints = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    let hint = hints.into_iter().find_map(known).map(|h| format!("是否想用 {h}？")).unwrap_or_default();
    Some(format!("{what}{hint}请用 --help 查看用法。"))
}

#[cfg(test)]
mod tests {
    use super::super::args::Cli;
    use super::super::text::Lang;
    use super::*;

    fn said(line: &str) -> String {
        let error = Cli::read(Lang::Zh, line.split(' ').map(Into::into)).expect_err("wrong usage");
        in_chinese(&error).unwrap_or_else(|| panic!("{line}: {error}"))
    }

    #[test]
    fn wrong_usage_is_said_in_chinese_with_what_was_wrong() {
        for (line, names) in [
            ("branchmesh fly", "fly"),
            ("branchmesh run --fly", "--fly"),
            ("branchmesh run --http nowhere", "nowhere"),
            ("branchmesh run --http", "--http"),
            ("branchmesh join", "INVITATION"),
            ("branchmesh init --counter 0", "0"),
            ("branchmesh init --role chief", "chief"),
            ("branchmesh run --log loud", "human"),
            ("branchmesh run --lang en --lang en", "--lang"),
        ] {
            let said = said(line);
            assert!(said.contains(names) && said.contains("--help"), "{line}: {said}");
            assert!(!said.contains("error") && !said.contains("Usage"), "{line}: {said}");
        }
    }

    #[test]
    fn help_is_no_error() {
        let error = Cli::read(Lang::Zh, ["branchmesh", "--help"].map(Into::into)).expect_err("help ends here");
        assert_eq!(in_chinese(&error), None);
        let text = error.to_string();
        for heading in ["用法", "命令", "选项"] {
            assert!(text.contains(heading), "{heading}: {text}");
        }
        for english in ["Usage", "Commands", "Options", "Print "] {
            assert!(!text.contains(english), "{english}: {text}");
        }
    }
}
