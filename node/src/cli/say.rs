//! Every sentence the command line says, in both languages. A sentence without one of them does not compile.

use super::text::Text;

macro_rules! sentences {
    ($($name:ident: $zh:literal, $en:literal;)*) => {
        $(pub(super) const $name: Text = Text { zh: $zh, en: $en };)*

        /// All of them, by name.
        #[cfg(test)]
        const ALL: &[(&str, Text)] = &[$((stringify!($name), $name)),*];
    };
}

sentences! {
    // Usage.
    MISSING: "缺少 {flag}：请给出该参数，或设置 {variable}，或写入 branchmesh.toml。",
        "{flag} is missing: give it, or set {variable}, or write it into branchmesh.toml.";
    SETTINGS_UNREADABLE: "设置无法使用：{reason}。", "The settings cannot be used: {reason}.";
    LOG_LEVEL: "日志无法启用：{reason}。", "Logging cannot be set up: {reason}.";
    BAD_TTL: "--ttl {given} 不是有效时长：请用 90s、10m 或 1h 这样的写法，从 10s 到 1d。",
        "--ttl {given} is not a time: write it like 90s, 10m or 1h, from 10s to 1d.";

    BAD_PRINTER: "--printer {given} 不是打印机：请给出 IP 地址（可带端口）或 /dev/usb/lp0 这样的设备文件。（{reason}）",
        "--printer {given} is no printer: give an IP address, with or without a port, or a device file ({reason}).";

    // Failures shared by commands.
    NOT_RUNNING: "{data} 的节点没有运行：请先执行 branchmesh run --data {data}。",
        "The node of {data} is not running: start it with branchmesh run --data {data}.";
    NO_FOLDER: "没有数据目录 {data}：请用 branchmesh init 建立网点，或用 branchmesh join 加入网点。",
        "There is no data folder {data}: found a branch with branchmesh init or enrol with branchmesh join.";
    CONTROL_UNREADABLE: "无法读取 {data} 中的 control.json（{reason}）：请以运行节点的用户身份执行。",
        "control.json in {data} cannot be read ({reason}): run this as the user who runs the node.";
    NO_ANSWER: "节点没有回答：请用 branchmesh status 查看，稍后再试。",
        "The node did not answer: look at branchmesh status and try again.";
    REFUSED: "节点拒绝：{reason}", "The node refused: {reason}";
    STRANGE_ANSWER: "节点的回答无法理解：请确认两者版本相同。",
        "The node's answer cannot be understood: check that both are of the same version.";
    FILE_UNREADABLE: "文件 {file} 无法使用：{reason}。", "The file {file} cannot be used: {reason}.";
    FILE_EXISTS: "文件 {file} 已存在：请换一个文件名。", "The file {file} exists already: choose another name.";
    NO_RUNTIME: "操作系统不给所需资源：{reason}。", "The operating system refused what is needed: {reason}.";

    // init.
    FOUNDING: "正在建立网点……", "Founding the branch…";
    NOT_FOUNDED: "网点没有建立：{reason}", "The branch was not founded: {reason}";
    FOUNDED: "网点“{branch}”已建立，编号 {id}；本设备 {device} 为首台管理设备。",
        "Founded branch \"{branch}\", id {id}; this device {device} is its first admin device.";
    FIRST_SIGN_IN: "首次登录：员工 {staff}，PIN {pin}（只显示这一次）",
        "First sign-in: staff {staff}, PIN {pin} (shown this once)";
    START_IT: "现在用 branchmesh run --data {data} 启动。", "Start it with branchmesh run --data {data}.";

    // run.
    NOT_STARTED: "节点没有启动：{reason}", "The node did not start: {reason}";
    RUNNING: "正在运行：{url}", "Running at {url}";
    CORE_ENDED: "节点意外停止（{reason}）：排除原因后请重新启动。",
        "The node stopped by itself ({reason}): mend the cause and start it again.";

    // invite, join, revoke.
    INVITED: "一次性邀请，{ttl} 内有效。在新设备上执行：branchmesh join --data DIR 邀请",
        "Good for one device and {ttl}. On the new device: branchmesh join --data DIR INVITATION";
    JOINING: "正在加入网点……", "Joining the branch…";
    NOT_JOINED: "没有加入：{reason}", "Not joined: {reason}";
    JOINED: "已作为“{name}”（{role}）加入网点“{branch}”。现在用 branchmesh run --data {data} 启动。",
        "Joined branch \"{branch}\" as \"{name}\" ({role}). Start it with branchmesh run --data {data}.";
    REVOKED: "设备“{name}”（{id}）已注销。", "Revoked \"{name}\" ({id}).";
    ADMIN_GRANTED: "设备“{name}”（{id}）现在也是管理设备。", "\"{name}\" ({id}) is an admin device now, too.";
    NO_SUCH_DEVICE: "没有未注销的设备 {device}：请用 branchmesh status 查看编号与名称。",
        "There is no device {device} that is not revoked yet: branchmesh status lists ids and names.";
    SEVERAL_DEVICES: "{device} 指多台设备（{list}）：请给出更长的编号。",
        "{device} names several devices ({list}): give more of the id.";

    // backup, restore.
    BACKING_UP: "正在备份……", "Backing up…";
    BACKED_UP: "已备份到 {file}（{bytes} 字节）。", "Backed up to {file} ({bytes} bytes).";
    STOP_FIRST: "{data} 的节点正在运行：请先停止它再恢复。",
        "The node of {data} is running: stop it before you restore.";
    RESTORING: "正在恢复…… {percent}%", "Restoring… {percent}%";
    NOT_RESTORED: "没有恢复：{reason}", "Not restored: {reason}";
    RESTORED: "已恢复“{name}”。用 branchmesh run --data {data} 启动，它会从其他设备补齐之后的数据。",
        "Restored \"{name}\". Start it with branchmesh run --data {data}; it fetches what is newer from its peers.";

    // export, import.
    CONFIG_EXPORTED: "配置已导出到 {file}，不含任何 PIN 与密钥。",
        "Exported the configuration to {file}; it holds no PINs and no secrets.";
    CONFIG_DIFFERENCE: "{path}：{before} → {after}", "{path}: {before} → {after}";
    CONFIG_WOULD_CHANGE: "将有 {count} 处不同；未做任何更改。", "{count} differences; nothing was changed.";
    CONFIG_IMPORTED: "配置已导入，{count} 处不同。", "Imported the configuration; {count} differences.";
    STAFF_NEED_PIN: "新员工（{staff}）暂不能登录：请在管理页面为其设置 PIN 并启用。",
        "New staff ({staff}) cannot sign in yet: give them a PIN and enable them on the admin page.";

    // status.
    ROW_DEVICE: "本设备", "device";
    ROW_ROLE: "角色", "role";
    ROW_GROUP: "所在组设备数", "devices in group";
    ROW_EPOCH: "任期", "epoch";
    ROW_STEWARD: "主持设备", "steward";
    ROW_LANE: "号码通道", "number lane";
    ROW_DOCUMENTS: "文档", "documents";
    ROW_LAG: "滞后", "lag";
    ROW_STORED: "存储", "stored";
    COL_DEVICE: "设备", "DEVICE";
    COL_NAME: "名称", "NAME";
    COL_ROLE: "角色", "ROLE";
    COL_STATE: "状态", "STATE";
    COL_RTT: "往返毫秒", "RTT MS";
    COL_BEHIND: "落后", "BEHIND";
    NO_PEERS: "还没有其他设备。", "No other device yet.";

    // doctor.
    DOC_NO_FOLDER: "没有数据目录 {data}：请用 branchmesh init 或 join 建立。",
        "there is no data folder {data}: make it with branchmesh init or join";
    DOC_FOLDER: "数据目录 {data} 可写", "data folder {data} can be written";
    DOC_READ_ONLY: "数据目录 {data} 不可写（{reason}）：请检查属主与权限。",
        "data folder {data} cannot be written ({reason}): check its owner and permissions";
    DOC_NO_KEY: "{data} 中没有设备密钥：请用 branchmesh init 或 join。",
        "no device key in {data}: use branchmesh init or join";
    DOC_OPEN_KEY: "他人可读设备密钥：请执行 chmod 600 {key}。", "others may read the device key: chmod 600 {key}";
    DOC_KEY: "设备密钥只有属主可读", "the device key is readable by its owner only";
    DOC_STORE: "存储可打开，属于“{name}”（{role}）", "the store opens; it is that of \"{name}\" ({role})";
    DOC_BAD_STORE: "存储不可用：{reason}", "the store cannot be used: {reason}";
    DOC_ROOM: "磁盘可用 {mib} MiB", "{mib} MiB of disk are free";
    DOC_LITTLE_ROOM: "磁盘只剩 {mib} MiB：请清理。", "only {mib} MiB of disk are free: make room";
    DOC_NO_ROOM: "磁盘只剩 {mib} MiB，节点将无法写入：请立即清理。",
        "only {mib} MiB of disk are free and the node will fail to write: make room now";
    DOC_ROOM_UNKNOWN: "无法得知 {data} 的可用空间", "cannot tell how much disk is free for {data}";
    DOC_CLOCK: "时钟 {now}", "the clock says {now}";
    DOC_WRONG_CLOCK: "时钟明显不对：请校时（例如启用 NTP）。",
        "the clock is plainly wrong: set it, for instance by switching NTP on";
    DOC_MULTICAST: "有组播路由，设备可以自动发现", "there is a route for multicast, so devices can be discovered";
    DOC_NO_MULTICAST: "没有默认路由，组播发现会失败：请执行 ip route add 224.0.0.0/4 dev 网卡，或用 run --peer 指定地址。",
        "no default route, so discovery by multicast fails: ip route add 224.0.0.0/4 dev INTERFACE, or use run --peer";
    DOC_ROUTES_UNKNOWN: "本系统无法查看路由：若发现不了设备，请用 run --peer。",
        "routes cannot be read on this system: if devices are not found, use run --peer";
    DOC_PORT: "{protocol} {address} 可用", "{protocol} {address} is free";
    DOC_PORT_TAKEN: "{protocol} {address} 不可用（{reason}）：请停止占用者或换地址。",
        "{protocol} {address} cannot be taken ({reason}): stop who holds it or choose another";
    DOC_NOT_RUNNING: "节点没有运行，未检查对端：请执行 branchmesh run --data {data}。",
        "the node is not running, so peers were not checked: branchmesh run --data {data}";
    DOC_RUNNING: "节点正在运行", "the node is running";
    DOC_PEERS: "全部 {all} 台其他设备可达", "all {all} other devices are reached";
    DOC_PEERS_AWAY: "{all} 台其他设备中只有 {reached} 台可达：请检查其余设备的电源、网络与防火墙（UDP）。",
        "only {reached} of {all} other devices are reached: check power, network and firewall (UDP) of the rest";
    DOC_SKEW: "“{name}”的时钟相差 {seconds} 秒：请校时。", "the clock of \"{name}\" is {seconds} s off: set it";

    // demo.
    DEMO_PORT_TAKEN: "端口 {port} 已被占用：请用 --http-port 换一个起始端口。",
        "Port {port} is in use: choose another first port with --http-port.";
    DEMO_PORT_RANGE: "--http-port {port} 太大：从它起要用 {count} 个端口。",
        "--http-port {port} is too high: {count} ports from there on are needed.";
    DEMO_BAD_PACE: "--traffic {pace} 不合适：请用 0.1 到 600 之间的数。",
        "--traffic {pace} does not make sense: give a number between 0.1 and 600.";
    DEMO_FOLDER: "演示目录 {data} 不可用：{reason}。", "The demo's folder {data} cannot be used: {reason}.";
    DEMO_NOT_A_DEMO: "{data} 不是演示目录：请换一个空目录。",
        "{data} is not the folder of a demo: choose an empty one.";
    DEMO_NO_CHILD: "无法启动 {what}：{reason}。", "{what} cannot be started: {reason}.";
    DEMO_CHILD_FAILED: "{what} 失败：{reason}", "{what} failed: {reason}";
    DEMO_NOT_READY: "{name} 在 {seconds} 秒内没有就绪：请看 {log}。",
        "{name} was not ready within {seconds} s: see {log}.";
    DEMO_STAFF: "演示员工没有建立：{reason}", "The demo's staff could not be created: {reason}";
    DEMO_FOUNDING: "正在建立演示网点……", "Founding the demo branch…";
    DEMO_ENROLLING: "正在登记设备……", "Enrolling the devices…";
    DEMO_STARTING: "正在启动设备……", "Starting the devices…";
    DEMO_SIGN_INS: "正在准备员工……", "Preparing the staff…";
    DEMO_READY: "演示网点“{branch}”已运行，用时 {seconds} 秒：每台设备都是一个真正的节点。",
        "The demo branch \"{branch}\" runs after {seconds} s; each device is a real node.";
    DEMO_COL_DEVICE: "设备", "DEVICE";
    DEMO_COL_ROLE: "角色", "ROLE";
    DEMO_COL_URL: "网址", "URL";
    DEMO_COL_PID: "进程", "PID";
    DEMO_COL_DATA: "数据目录", "DATA";
    DEMO_COL_STAFF: "员工", "STAFF";
    DEMO_COL_PIN: "PIN", "PIN";
    DEMO_COL_RIGHTS: "岗位", "ROLES";
    DEMO_KILL: "试故障：kill -9 进程号；演示会在 {seconds} 秒后让它带着数据重新启动。",
        "Crash a device: kill -9 PID; the demo starts it again with its data after {seconds} s.";
    DEMO_FREEZE: "试失联：kill -STOP 进程号，之后 kill -CONT 进程号。",
        "Lose a device for a while: kill -STOP PID, and later kill -CONT PID.";
    DEMO_SPLIT: "试分网（需 root）：{command}", "Split the mesh (as root): {command}";
    DEMO_HEAL: "恢复网络：{command}", "Heal it: {command}";
    DEMO_LOGS: "各设备日志：{logs}", "Logs of the devices: {logs}";
    DEMO_STOP: "Ctrl-C 全部停止。", "Ctrl-C stops all of it.";
    DEMO_DIED: "{name}（进程 {pid}）已退出（{how}），{seconds} 秒后重新启动。",
        "{name} (pid {pid}) ended ({how}); starting it again in {seconds} s.";
    DEMO_BACK: "{name} 已重新运行，进程 {pid}。", "{name} runs again, pid {pid}.";
    DEMO_NOT_BACK: "{name} 没能重新启动（{reason}），{seconds} 秒后再试。",
        "{name} could not be started again ({reason}); trying again in {seconds} s.";
    DEMO_STOPPING: "正在停止……", "Stopping…";
    DEMO_STOPPED: "演示已停止。", "The demo has stopped.";
    TRAFFIC_LINE: "营业 {clock} · 取号 {issued} · 叫号 {called} · 办结 {served} · 过号 {no_show} · 弃号 {abandoned} · 调整 {moved} · 等候 {waiting} · 重试 {retries}",
        "day {clock} · issued {issued} · called {called} · served {served} · no-show {no_show} · left {abandoned} · moved {moved} · waiting {waiting} · retries {retries}";

    // bench.
    BENCH_FOLDER: "测量目录 {data} 不可用：请换一个空目录，或删除其中的内容。",
        "The bench cannot use {data}: choose an empty folder, or clear it.";
    BENCH_FAILED: "测量没有完成：{reason}", "The bench did not finish: {reason}";
    BENCH_NOT_WRITTEN: "结果无法写入 {file}：{reason}。", "The figures cannot be written to {file}: {reason}.";
    BENCH_FLOORS: "磁盘、网络与文档的底限", "floors of disk, network and documents";
    BENCH_TWO_NODES: "两台设备", "two nodes";
    BENCH_MANY_NODES: "三、十、三十台设备", "three, ten and thirty nodes";
    BENCH_CALL_NEXT: "叫下一位", "call-next";
    BENCH_REJOIN: "断开后重聚", "rejoining";
    BENCH_SMALL_DEVICE: "小型设备", "a small device";
    BENCH_MORNING: "早上八点", "8 a.m.";
    BENCH_MACHINE: "branchmesh {version}，{processors} 个处理器，负载 {before} → {after}{quick}",
        "branchmesh {version}, {processors} processors, load {before} → {after}{quick}";
    BENCH_QUICK: "，快速测量", ", quick run";
    COL_FIGURE: "测量", "FIGURE";
    COL_VALUE: "数值", "VALUE";
    COL_FLOOR: "底限", "FLOOR";
    COL_RATIO: "倍数", "RATIO";
    COL_BAR: "标准", "BAR";
    COL_MET: "达到", "MET";
    MET_YES: "是", "yes";
    MET_NO: "否", "no";
    FIG_DISK_SYNC: "写 4 KiB 并落盘", "write 4 KiB and sync";
    FIG_QUIC_ECHO: "QUIC 往返 300 字节", "QUIC echo of 300 bytes";
    FIG_RAW_APPLY: "文档应用一次变更", "apply one change to a document";
    FIG_VISIBLE_P50: "两台：落盘、签名后另一台可见，中位", "two nodes: durable, signed, visible at the other, p50";
    FIG_VISIBLE_P99: "两台：同上，p99", "two nodes: the same, p99";
    FIG_THROUGHPUT: "两台：吞吐", "two nodes: throughput";
    FIG_COMMANDS_PER_CHANGE: "两台：每个签名变更所含命令", "two nodes: commands in a signed change";
    FIG_TEN_P50: "十台：最后一台可见，中位", "ten nodes: visible at the last, p50";
    FIG_TEN_P99: "十台：同上，p99", "ten nodes: the same, p99";
    FIG_COST_3: "三台：每变更每对端处理器时间", "three nodes: processor time a change and peer";
    FIG_COST_10: "十台：同上（底限为三台）", "ten nodes: the same (floor: three nodes)";
    FIG_COST_30: "三十台：同上（底限为三台）", "thirty nodes: the same (floor: three nodes)";
    FIG_BYTES_30: "三十台：每变更每对端字节", "thirty nodes: bytes a change and peer";
    FIG_IDLE_BYTES_30: "三十台：空闲时每台每秒发送字节", "thirty nodes: bytes a second a node sends when idle";
    FIG_IDLE_LOAD_30: "三十台：空闲时每台占处理器", "thirty nodes: processor a node takes when idle";
    FIG_CALL_NEXT_P50: "叫下一位：非主持设备 HTTP 到第三台事件，中位",
        "call-next: HTTP at a non-steward to the event at a third node, p50";
    FIG_CALL_NEXT_P99: "叫下一位：同上，p99", "call-next: the same, p99";
    FIG_READY: "小型设备：90 个营业日、20,000 份小文档，启动到可用", "small device: 90 days, 20,000 small documents, ready in";
    FIG_RESIDENT: "小型设备：内存峰值", "small device: most memory resident";
    FIG_TICKET_ON_DISK: "小型设备：每张办结票号占用磁盘（底限为内容本身）",
        "small device: on disk for a finished ticket (floor: its content)";
    FIG_MORNING: "早上八点：三十台在十秒内启动，从第一台到同一主持设备",
        "8 a.m.: thirty nodes start within 10 s, from the first to one steward";
    FIG_MORNING_BYTES: "早上八点：到那时每台发送字节", "8 a.m.: bytes a node sent until then";
    FIG_REJOIN: "重聚：两边各 9,000 变更，到完全一致", "rejoin: 9,000 changes on each side, until equal";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_say_the_same_things() {
        for (name, text) in ALL {
            assert!(!text.zh.is_empty() && !text.en.is_empty(), "{name}");
            assert_eq!(Text::names(text.zh), Text::names(text.en), "{name}");
        }
    }
}
