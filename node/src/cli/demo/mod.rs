pub(super) fn demo(_s: &crate::settings::Settings, _t: super::terminal::Terminal) -> super::error::Outcome { Ok(std::process::ExitCode::SUCCESS) }
