//! What `--help` says, in both languages: one table, one line a command or argument.

use clap::Command;

use super::text::{Lang, Text};

/// `command` or `command.argument` (or `.argument` of all commands) and what it is for.
pub(super) const HELP: &[(&str, Text)] = &[
    (
        "branchmesh",
        Text {
            zh: "网点设备互联：没有服务器，断网、分网、设备故障时大堂照常叫号",
            en: "A branch's devices as one mesh: no server, and the lobby keeps calling through outages and splits",
        },
    ),
    (
        ".settings",
        Text {
            zh: "设置文件，默认为数据目录或当前目录下的 branchmesh.toml",
            en: "Settings file; by default branchmesh.toml of the data folder or of the working folder",
        },
    ),
    (
        ".lang",
        Text {
            zh: "提示语言：zh-CN 或 en，默认取 LANG",
            en: "Language of messages: zh-CN or en; by default that of LANG",
        },
    ),
    (".log", Text { zh: "日志格式：human 或 json", en: "How log lines look: human or json" }),
    (
        ".log_level",
        Text {
            zh: "日志级别，例如 debug，或完整过滤式；优先于 RUST_LOG",
            en: "How much is logged, such as debug, or a whole filter; wins over RUST_LOG",
        },
    ),
    (".data", Text { zh: "本设备的数据目录", en: "Data folder of this device" }),
    (".help", Text { zh: "显示帮助", en: "Show help" }),
    (".version", Text { zh: "显示版本", en: "Show the version" }),
    (
        "demo",
        Text {
            zh: "在本机启动一个完整的演示网点，Ctrl-C 全部停止",
            en: "Run a whole demo branch on this machine; Ctrl-C stops all of it",
        },
    ),
    (
        "demo.data",
        Text {
            zh: "演示数据目录，已有则沿用；默认用临时目录，结束时删除",
            en: "Folder of the demo, used again if it is there; by default a temporary one, removed at the end",
        },
    ),
    (
        "demo.http_port",
        Text {
            zh: "第一台设备的端口，其余依次加一", en: "Port of the first device; the others follow it"
        },
    ),
    (
        "demo.traffic",
        Text {
            zh: "模拟客户与柜员；PACE 为每分钟模拟的营业分钟数，默认 10",
            en: "Simulate customers and tellers; PACE is business minutes a minute, 10 if left out",
        },
    ),
    ("demo.seed", Text { zh: "模拟的随机种子", en: "Seed of the simulation" }),
    (
        "demo.restart_s",
        Text {
            zh: "设备进程退出后多少秒重新启动", en: "Seconds after which a device that ended is started again"
        },
    ),
    (
        "init",
        Text {
            zh: "建立新网点，本设备为首台管理设备", en: "Found a branch; this device is its first admin device"
        },
    ),
    ("init.branch", Text { zh: "网点名称", en: "Name of the branch" }),
    (
        "init.role",
        Text {
            zh: "设备角色：counter、kiosk、display、tablet、rating、hq",
            en: "Role of this device: counter, kiosk, display, tablet, rating or hq",
        },
    ),
    ("init.name", Text { zh: "设备名称，例如“3号窗口”", en: "Name of this device, such as \"Window 3\"" }),
    ("init.counter", Text { zh: "设备所在柜台号 1–255", en: "Counter it stands at, 1 to 255" }),
    (
        "init.config",
        Text {
            zh: "网点配置文件（JSON），缺省为可直接使用的配置",
            en: "Configuration of the branch (JSON); by default one that can be used at once",
        },
    ),
    (
        "init.manager_pin",
        Text {
            zh: "首位员工 manager 的 PIN，缺省随机生成",
            en: "PIN of the first staff member, manager; drawn if left out",
        },
    ),
    ("run", Text { zh: "运行本设备的节点", en: "Run this device's node" }),
    (
        "run.http",
        Text {
            zh: "页面与接口地址（TCP），默认只对本机",
            en: "Address of screens and API (TCP); by default this machine only",
        },
    ),
    ("run.listen", Text { zh: "设备互联地址（UDP），可重复", en: "Address of the mesh (UDP); may be repeated" }),
    (
        "run.peer",
        Text {
            zh: "其他设备的互联地址，可重复；组播不通时使用",
            en: "Mesh address of another device; may be repeated; for networks without multicast",
        },
    ),
    ("run.no_mdns", Text { zh: "不用组播发现设备", en: "Do not look for devices by multicast" }),
    (
        "run.printer",
        Text {
            zh: "号单打印机：IP 地址（可带端口）或 /dev/usb/lp0 这样的设备文件；优先于设备设置",
            en: "Ticket printer: IP address, with or without a port, or a device file; wins over the device's settings",
        },
    ),
    ("run.cache_mib", Text { zh: "存储缓存，MiB", en: "Cache of the store, MiB" }),
    ("run.stop_with_stdin", Text { zh: "标准输入关闭时停止", en: "Stop when standard input closes" }),
    (
        "invite",
        Text {
            zh: "向运行中的节点要一份一次性邀请，输出一行",
            en: "Ask the running node for a one-use invitation; prints it as one line",
        },
    ),
    (
        "invite.role",
        Text {
            zh: "新设备的角色：counter、kiosk、display、tablet、rating、hq",
            en: "Role of the new device: counter, kiosk, display, tablet, rating or hq",
        },
    ),
    ("invite.name", Text { zh: "新设备的名称", en: "Name of the new device" }),
    ("invite.counter", Text { zh: "新设备所在柜台号 1–255", en: "Counter it stands at, 1 to 255" }),
    ("invite.ttl", Text { zh: "有效期，例如 90s、10m、1h", en: "How long it holds, such as 90s, 10m or 1h" }),
    (
        "join",
        Text {
            zh: "用邀请加入网点，之后用 run 启动", en: "Enrol this device with an invitation; run starts it"
        },
    ),
    ("join.invitation", Text { zh: "invite 输出的那一行", en: "The line that invite printed" }),
    ("revoke", Text { zh: "注销一台设备，立即生效", en: "Revoke a device, at once" }),
    (
        "revoke.device",
        Text {
            zh: "设备编号、唯一的编号前缀或完整名称",
            en: "Its id, a prefix of it that is unique, or its exact name",
        },
    ),
    (
        "grant-admin",
        Text {
            zh: "让另一台设备也成为管理设备，建议至少两台",
            en: "Make another device an admin device too; two at least are advised",
        },
    ),
    (
        "grant-admin.device",
        Text {
            zh: "设备编号、唯一的编号前缀或完整名称",
            en: "Its id, a prefix of it that is unique, or its exact name",
        },
    ),
    ("export", Text { zh: "导出为文件", en: "Export to a file" }),
    (
        "export config",
        Text {
            zh: "导出网点配置，不含 PIN 与密钥", en: "The branch's configuration, without PINs and secrets"
        },
    ),
    ("export config.file", Text { zh: "要写的文件", en: "File to write" }),
    ("import", Text { zh: "从文件导入", en: "Import from a file" }),
    (
        "import config",
        Text {
            zh: "导入网点配置：整体检查，不合格则全部不改",
            en: "The branch's configuration: checked whole, refused whole",
        },
    ),
    ("import config.file", Text { zh: "export 写出的文件", en: "File that export wrote" }),
    ("import config.dry_run", Text { zh: "只检查并列出不同之处", en: "Only check, and list the differences" }),
    (
        "status",
        Text {
            zh: "本节点、所在组、任期、主持设备、对端、滞后与存储",
            en: "This node, its group, epoch, steward, peers, lag and storage",
        },
    ),
    ("status.json", Text { zh: "输出原始 JSON", en: "Print the raw JSON answer" }),
    ("backup", Text { zh: "备份运行中的节点", en: "Back up the running node" }),
    ("backup.file", Text { zh: "备份文件", en: "File to write" }),
    ("restore", Text { zh: "从备份恢复本设备的数据目录", en: "Put a backup in place as this device's store" }),
    ("restore.file", Text { zh: "备份文件", en: "File that backup wrote" }),
    (
        "doctor",
        Text {
            zh: "检查本设备：目录、密钥、存储、端口、组播、时钟、对端、磁盘",
            en: "Check this device: folder, key, store, ports, multicast, clock, peers, disk",
        },
    ),
    (
        "bench",
        Text {
            zh: "在本机测量一个真实的互联网点，每个数字旁给出磁盘、网络与文档的底限",
            en: "Measure a real mesh on this machine, each figure beside what disk, network and documents cost alone",
        },
    ),
    (
        "bench.data",
        Text {
            zh: "测量用的目录（在要测量的磁盘上），默认用临时目录，结束时删除",
            en: "Folder to work in, on the disk to be measured; by default a temporary one, removed at the end",
        },
    ),
    ("bench.json", Text { zh: "另将结果写入此 JSON 文件", en: "Also write the figures to this JSON file" }),
    ("bench.only", Text { zh: "只测量这一项", en: "Measure only this" }),
    ("bench.quick", Text { zh: "只做十分之一的工作，数字较粗", en: "A tenth of the work: rougher figures" }),
];

fn find(command: &str, argument: Option<&str>) -> Option<Text> {
    let exact = argument.map_or_else(|| command.to_owned(), |argument| format!("{command}.{argument}"));
    let shared = argument.map(|argument| format!(".{argument}"));
    let of = |name: &str| HELP.iter().find(|(key, _)| *key == name).map(|(_, text)| *text);
    of(&exact).or_else(|| shared.and_then(|name| of(&name)))
}

/// Puts the help texts of `lang` into the whole command tree.
pub(super) fn localise(mut command: Command, lang: Lang) -> Command {
    // Builds the help and version flags too, so that they are translated with the rest.
    command.build();
    let name = command.get_name().to_owned();
    let command = one(command, &name, lang);
    below(command, "", lang)
}

/// The commands below one whose own path is `path` (`export ` for what can be exported).
fn below(command: Command, path: &str, lang: Lang) -> Command {
    let names: Vec<_> = command.get_subcommands().map(|c| c.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| {
        if name == "help" {
            let about = find("", Some("help")).map_or_else(String::new, |text| text.get(lang).to_owned());
            return command.mut_subcommand(name, |sub| sub.about(about));
        }
        let path = format!("{path}{name}");
        command.mut_subcommand(name, |sub| below(one(sub, &path, lang), &format!("{path} "), lang))
    })
}

fn one(command: Command, path: &str, lang: Lang) -> Command {
    let command = match find(path, None) {
        Some(text) => command.about(text.get(lang)),
        None => command,
    };
    let command = command.mut_args(|argument| match find(path, Some(argument.get_id().as_str())) {
        Some(text) => argument.help(text.get(lang)),
        None => argument,
    });
    match lang {
        Lang::En => command,
        Lang::Zh => command
            .help_template("{about-with-newline}\n用法：{usage}\n\n{all-args}{after-help}")
            .subcommand_help_heading("命令")
            .mut_args(|argument| {
                let heading = if argument.is_positional() { "参数" } else { "选项" };
                let argument = argument.help_heading(heading);
                match argument.get_id().as_str() {
                    "help" => argument.help("显示帮助").long_help("显示帮助，-h 显示简短的"),
                    "version" => argument.help("显示版本"),
                    _ => argument,
                }
            }),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::super::args::Cli;
    use super::*;

    /// Every command with its path, but for clap's own help.
    fn all(command: &Command, path: &str) -> Vec<(String, Command)> {
        let below = command.get_subcommands().filter(|c| c.get_name() != "help");
        let below = below.flat_map(|c| all(c, &format!("{path}{} ", c.get_name())));
        let own = if path.is_empty() { command.get_name().to_owned() } else { path.trim_end().to_owned() };
        std::iter::once((own, command.clone())).chain(below).collect()
    }

    fn tree() -> Vec<(String, Command)> {
        let mut tree = Cli::command();
        tree.build();
        all(&tree, "")
    }

    #[test]
    fn every_command_and_argument_has_a_text() {
        for (path, command) in tree() {
            assert!(find(&path, None).is_some(), "{path}");
            for argument in command.get_arguments() {
                let id = argument.get_id().as_str();
                assert!(find(&path, Some(id)).is_some(), "{path} {id}");
            }
        }
    }

    #[test]
    fn every_text_is_complete_and_used() {
        let tree = tree();
        let exists = |key: &str| {
            let (wanted, argument) = key.split_once('.').map_or((key, None), |(c, a)| (c, Some(a)));
            tree.iter().any(|(path, c)| {
                (wanted.is_empty() || path == wanted)
                    && argument.is_none_or(|a| c.get_arguments().any(|arg| arg.get_id().as_str() == a))
            })
        };
        for (key, text) in HELP {
            assert!(!text.zh.is_empty() && !text.en.is_empty() && text.zh != text.en, "{key}");
            assert!(exists(key), "{key}");
        }
    }
}
