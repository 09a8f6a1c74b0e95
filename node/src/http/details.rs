//! The rules' own sentences in Chinese. The model says what is wrong in English, as a log reads it; here each such
//! sentence has its counterpart, so that no Chinese answer ends in an English one.

use super::texts::zh_word;

/// What the rules say, `{}` where something is put in, and the same in Chinese.
const SENTENCES: &[(&str, &str)] = &[
    // What a field may hold.
    ("{}: 1 to 32 characters a-z, 0-9 and _ are expected", "{} 应为 1 至 32 个小写字母、数字或下划线"),
    ("1 (Monday) to 7 (Sunday) is expected", "应为 1（星期一）至 7（星期日）"),
    ("1 (not satisfied) to 3 (satisfied) is expected", "应为 1（不满意）至 3（满意）"),
    ("1 (not satisfied) to 3 (satisfied)", "应为 1（不满意）至 3（满意）"),
    ("4 to 32 letters, digits and dashes", "应为 4 至 32 个字母、数字或连字符"),
    ("5 to 20 digits, may begin with +", "应为 5 至 20 位数字，可以 + 开头"),
    ("10 to 86400 seconds", "应为 10 至 86400 秒"),
    ("six digits", "应为六位数字"),
    ("a counter's number, 1 to 255", "应为窗口号 1 至 255"),
    ("a PIN has 4 to 12 digits, a password 8 to 64 characters", "PIN 应为 4 至 12 位数字，密码应为 8 至 64 个字符"),
    ("a PIN or password may not contain control characters", "PIN 或密码不能含控制字符"),
    ("58 or 80 millimetres are expected", "应为 58 或 80 毫米"),
    ("at most {} printable characters are allowed", "最多 {} 个可显示字符"),
    ("at most {} entries are allowed", "最多 {} 项"),
    ("at most {} texts are allowed", "最多 {} 条文字"),
    ("at most {} staff members are allowed", "最多 {} 名员工"),
    ("at most {} characters", "最多 {} 个字符"),
    ("at most {} letters and digits are expected", "最多 {} 个字母或数字"),
    ("at most 255 services", "最多 255 项业务"),
    ("at least 3 seconds, and less than idle_s and result_s", "至少 3 秒，并应小于 idle_s 与 result_s"),
    ("no control characters", "不能含控制字符"),
    ("a BCP 47 tag such as {} is expected", "应为 zh-CN 这样的语言代码"),
    ("a BCP 47 tag such as zh-CN or en", "应为 zh-CN 或 en 这样的语言代码"),
    ("zh-CN or en is expected", "应为 zh-CN 或 en"),
    ("light, dark or system is expected", "应为 light、dark 或 system"),
    ("front, end or arrival", "应为 front、end 或 arrival"),
    ("true or false", "应为 true 或 false"),
    ("a date such as 2026-11-21", "应为 2026-11-21 这样的日期"),
    ("an IANA name such as Asia/Shanghai is expected", "应为 Asia/Shanghai 这样的时区名称"),
    ("an http or https address of at most 500 characters is expected", "应为 http 或 https 网址，最多 500 个字符"),
    ("an IP address is expected, with a port if it is not 9100", "应为 IP 地址，端口不是 9100 时须写明"),
    ("a device file such as /dev/usb/lp0 is expected", "应为 /dev/usb/lp0 这样的设备文件"),
    ("an absolute path is expected", "应为绝对路径"),
    ("an argon2id hash is expected", "应为 argon2id 散列值"),
    ("a table of sections is expected", "应为按配置项分节的内容"),
    ("a table is expected", "应为一组字段"),
    ("one letter A to Z is expected", "应为 A 至 Z 的一个字母"),
    ("one or more different roles are needed", "应有一个或多个不同的岗位"),
    ("one or more of {} is expected", "应为以下各项中的一项或多项：{}"),
    ("one of these is needed: {}", "应为以下之一：{}"),
    ("unknown filter; known are {}", "没有这个筛选条件，可用：{}"),
    ("one of {}", "应为以下之一：{}"),
    (
        "display, or the role of this device if it is a kiosk or rating device",
        "应为 display，或本设备（取号机、评价器）的角色",
    ),
    ("one key of 1 to 64 characters without control characters", "应为一个 1 至 64 个字符、不含控制字符的键"),
    // What is missing or stands there twice.
    ("a text in at least one language is needed", "至少需要一种语言的文字"),
    ("a text is needed", "需要填写文字"),
    ("a reason is needed", "请填写原因"),
    ("an override needs a reason", "强制呼叫须填写原因"),
    ("say why", "请填写原因"),
    ("is missing", "缺少此项"),
    ("missing field `{}`", "缺少字段 {}"),
    ("unknown field `{}`, {}", "没有名为 {} 的字段"),
    ("unknown variant `{}`, {}", "没有 {} 这个取值"),
    ("duplicate field `{}`", "字段 {} 出现了两次"),
    ("invalid type: {}", "类型不对"),
    ("invalid value: {}", "取值不对"),
    ("invalid length {}", "长度不对"),
    ("at least one queue is needed", "至少需要一个队列"),
    ("at least one service is needed", "至少需要一项业务"),
    ("at least one work profile is needed", "至少需要一个工作模式"),
    ("a card or id number, or a phone number, is needed", "需要卡号、证件号或手机号"),
    ("name a service, a counter or a staff member", "请指定业务、窗口或员工"),
    ("name each service once, or leave the field out", "每项业务只写一次，或不填此项"),
    ("send staff_id and pin, or pairing_code", "请提供 staff_id 与 pin，或 pairing_code"),
    ("send either staff_id and pin, or pairing_code", "staff_id 与 pin、pairing_code 两种方式只能选一种"),
    ("given twice", "重复给出"),
    ("the same text stands here twice", "同样的文字出现了两次"),
    ("the same group stands here twice", "同一业务组出现了两次"),
    ("counter {} stands here twice", "{} 号窗口出现了两次"),
    ("{} is the letter of another service", "字母 {} 已用于另一项业务"),
    ("address {} is taken: both screens would show the same", "地址 {} 已被占用：两块屏会显示同样的内容"),
    ("1 is served first; 0 is not a priority", "优先级从 1 开始，1 最先办理"),
    ("there is no queue {}", "没有队列 {}"),
    ("there is no group {}", "没有业务组 {}"),
    ("there is no zone {}", "没有分区 {}"),
    ("there is no counter {}", "没有 {} 号窗口"),
    ("there is no work profile {}", "没有工作模式 {}"),
    ("there is no such service", "没有这项业务"),
    ("two periods of one day overlap", "同一天的两个时段重叠"),
    ("closing must be after opening", "结束时间须晚于开始时间"),
    ("not a query string", "查询参数无法识别"),
    ("the body ended too early", "请求内容不完整"),
    ("there is text after the JSON value", "JSON 之后还有多余内容"),
    ("too long for a QR code", "内容过长，无法生成二维码"),
    ("this name stands for the operator of a machine", "此名称保留给本机操作员"),
    // What cannot be done now.
    ("this service is not offered now", "此业务目前不受理"),
    ("this ticket has been rated", "此票已评价"),
    ("the ticket already waits in this queue", "此票已在该队列中等候"),
    ("this day is not held in full here", "本设备没有这一天的完整数据"),
    ("this business day has not ended", "本营业日尚未结束"),
    ("this business day is closed already", "本营业日已结束"),
    ("the last administrator cannot give up the role", "不能取消最后一名管理员"),
    ("this is the only admin device; give the right to another one first", "这是唯一的管理设备，请先授权另一台设备"),
    ("this device was revoked; it can join again with a new identity", "此设备已注销，可以新的身份重新加入"),
    ("this device is enrolled already, as {}", "此设备已登记，角色为{}"),
    ("counter {} is paused; resume it first", "{} 号窗口已暂停，请先恢复"),
    ("counter {} is paused; resume it", "{} 号窗口已暂停，请先恢复"),
    ("counter {} is closed already", "{} 号窗口已关闭"),
    ("counter {} is closed; open it first", "{} 号窗口未开启，请先开启"),
    ("counter {} has no work profile; open it with one", "{} 号窗口没有工作模式，请指定一个再开启"),
    ("counter {} is not open", "{} 号窗口未开启"),
    ("counter {} is not paused", "{} 号窗口未暂停"),
    ("counter {} has ticket {}; finish it first", "{} 号窗口正在处理 {}，请先办结"),
    (
        "counter {} has ticket {}; finish it, hold it or mark it as no-show first",
        "{} 号窗口正在处理 {}，请先办结、挂起或标记空号",
    ),
    ("this ticket is held at counter {}; only who holds it may call it", "此票由 {} 号窗口挂起，只能由挂起者呼叫"),
    ("this ticket is held; only who holds it may call it", "此票已挂起，只能由挂起者呼叫"),
    // Who may.
    ("this needs one of the roles {}", "需要以下岗位之一：{}"),
    ("only an admin device may do this: {}", "只有管理设备可以进行此操作：{}"),
    ("a {} device may not do this; use a counter or a tablet", "{}不能进行此操作，请使用柜台设备或平板"),
    (
        "a {} device takes no customer's data; use a kiosk, a counter or a tablet",
        "{}不受理客户资料，请使用取号机、柜台设备或平板",
    ),
    ("a {} device takes no customer's data", "{}不受理客户资料"),
    ("this sign-in was disabled", "此员工账号已停用"),
    ("this sign-in has no role", "此员工账号没有岗位"),
    ("this device does not have the role it speaks for", "此设备的角色与所声明的不符"),
    ("this device does not belong to the branch", "此设备不属于本网点"),
    // Why this node cannot.
    ("this node is stopping; ask another one", "本节点正在停止，请改用其他设备"),
    ("the steward runs another version", "主持设备运行的是另一版本"),
    (
        "no staff device belongs to the branch that could keep a customer's data",
        "网点中还没有可以保存客户资料的员工设备",
    ),
    ("this device is fetching the branch's data from its peers", "本设备正在从其他设备获取网点数据"),
    // The most general come last.
    ("{} to {} seconds are expected", "应为 {} 至 {} 秒"),
    ("{} to {} minutes are expected", "应为 {} 至 {} 分钟"),
    ("{} to {} milliseconds are expected", "应为 {} 至 {} 毫秒"),
    ("{} to {} days are expected", "应为 {} 至 {} 天"),
    ("{} to {} percent are expected", "应为 {} 至 {}（百分比）"),
    ("{} to {} characters a-z, 0-9 and _ are expected", "应为 {} 至 {} 个小写字母、数字或下划线"),
    ("{} to {} printable characters are expected", "应为 {} 至 {} 个可显示字符"),
    ("{} to {} characters are expected", "应为 {} 至 {} 个字符"),
    ("{} to {} digits are expected", "应为 {} 至 {} 位数字"),
    ("{} to {} is expected", "应为 {} 至 {}"),
    ("{} to {} characters", "应为 {} 至 {} 个字符"),
    ("{} is expected", "应为 {}"),
    ("{} stands here twice", "{} 出现了两次"),
];

/// The Chinese counterpart of a sentence; for one that has none a word that sends the reader back to what was entered.
pub(crate) fn zh(said: &str) -> String {
    let found = SENTENCES.iter().find_map(|(pattern, chinese)| Some((holes(pattern, said)?, chinese)));
    let Some((values, chinese)) = found else { return "请检查后重试".into() };
    let mut values = values.into_iter().map(translated);
    let mut pieces = chinese.split("{}");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push_str(&values.next().unwrap_or_default());
        out.push_str(piece);
    }
    out
}

/// Names of things, one or a list of them.
pub(crate) fn translated(value: &str) -> String {
    let words: Vec<&str> = value.split(", ").map(zh_word).collect();
    words.join("、")
}

/// What stands in `said` where the pattern has `{}`; `None` if it is another sentence.
fn holes<'a>(pattern: &str, said: &'a str) -> Option<Vec<&'a str>> {
    let mut pieces = pattern.split("{}").peekable();
    let mut rest = said.strip_prefix(pieces.next()?)?;
    let mut found = vec![];
    while let Some(piece) = pieces.next() {
        let last = pieces.peek().is_none();
        let (value, after) = match (last, piece) {
            (true, "") => (rest, ""),
            (true, piece) => (rest.strip_suffix(piece)?, ""),
            (false, piece) => rest.split_once(piece)?,
        };
        found.push(value);
        rest = after;
    }
    rest.is_empty().then_some(found)
}

/// Whether two English words follow one another: a name or an address may stand in a Chinese sentence, a phrase may not.
#[cfg(test)]
pub(crate) fn holds_english(text: &str) -> bool {
    let is_word = |w: &str| w.len() > 1 && w.bytes().all(|b| b.is_ascii_lowercase());
    let words: Vec<&str> = text.split(' ').collect();
    words.windows(2).any(|pair| is_word(pair[0]) && is_word(pair[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_is_found_by_itself_and_keeps_what_was_put_in() {
        for (pattern, chinese) in SENTENCES {
            let said = pattern.replace("{}", "7");
            let answer = zh(&said);
            assert_ne!(answer, "请检查后重试", "{pattern}");
            assert!(chinese.matches("{}").count() <= pattern.matches("{}").count(), "{pattern}");
            assert!(!answer.contains("{}") && !holds_english(&answer), "{pattern}: {answer}");
        }
    }

    #[test]
    fn what_was_put_in_is_put_in_again_and_names_are_translated() {
        assert_eq!(zh("counter 3 has ticket A012; finish it first"), "3 号窗口正在处理 A012，请先办结");
        assert_eq!(zh("this needs one of the roles lobby_manager, admin"), "需要以下岗位之一：大堂经理、管理员");
        assert_eq!(
            zh("a display device may not do this; use a counter or a tablet"),
            "显示屏不能进行此操作，请使用柜台设备或平板"
        );
        assert_eq!(zh("something nobody has translated"), "请检查后重试");
    }
}
