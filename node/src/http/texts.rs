//! What a refused caller reads, in both languages, one row per problem type: nothing else in this module writes prose.

use super::details;

/// A sentence in the product's two languages. `{name}` marks where a fact goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sentence {
    pub(crate) en: &'static str,
    pub(crate) zh: &'static str,
}

/// One row: the stable slug, its HTTP status, a title, and a detail that says what to do.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) slug: &'static str,
    pub(crate) status: u16,
    pub(crate) title: Sentence,
    pub(crate) detail: Sentence,
}

macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident = $slug:literal, $status:literal, $ten:literal / $tzh:literal, $den:literal / $dzh:literal;)*) => {
        $(
            $(#[$doc])*
            pub(crate) const $name: &Row = &Row {
                slug: $slug,
                status: $status,
                title: Sentence { en: $ten, zh: $tzh },
                detail: Sentence { en: $den, zh: $dzh },
            };
        )*
        /// Every row, so that the test of completeness forgets none.
        #[cfg(test)]
        pub(crate) const ALL: &[&Row] = &[$($name),*];
    };
}

rows! {
    VALIDATION = "validation", 422,
        "A field is wrong" / "输入有误",
        "{field}: {detail}" / "字段 {field} 有误：{detail}";
    NOT_FOUND = "not-found", 404,
        "Not found" / "未找到",
        "There is no {what} {id}. Check the address or reload the list." / "没有编号为 {id} 的{what}。请检查地址或刷新列表。";
    NO_ROUTE = "not-found", 404,
        "Not found" / "未找到",
        "There is nothing at this address. The calls of this API are listed at /api/openapi.json."
            / "此地址没有内容。接口清单见 /api/openapi.json。";
    METHOD = "method-not-allowed", 405,
        "Wrong method" / "请求方法不支持",
        "This address does not take this method. The `Allow` header names those it takes."
            / "此地址不支持该请求方法，可用方法见 Allow 响应头。";
    TOO_LARGE = "too-large", 413,
        "Too large" / "内容过大",
        "A request body may have at most {limit} bytes." / "请求内容不得超过 {limit} 字节。";
    MEDIA_TYPE = "unsupported-media-type", 415,
        "Wrong content type" / "内容类型不支持",
        "Send the body as application/json." / "请以 application/json 发送内容。";
    NOT_SIGNED_IN = "not-signed-in", 401,
        "Not signed in" / "未登录",
        "Sign in with your staff id and PIN, then try again." / "请用员工号和密码登录后重试。";
    WRONG_CREDENTIALS = "wrong-credentials", 401,
        "Sign-in failed" / "登录失败",
        "The staff id or the PIN is wrong." / "员工号或密码不正确。";
    WRONG_PAIRING = "wrong-credentials", 401,
        "Pairing failed" / "配对失败",
        "This pairing code is wrong, used or lapsed. Ask a colleague who is signed in for a new one."
            / "配对码错误、已使用或已过期，请向已登录的同事索取新的配对码。";
    WRONG_EXIT_CODE = "wrong-code", 403,
        "Wrong code" / "密码不正确",
        "This is not the code that leaves this page. It stands in the branch's settings for the kiosk."
            / "退出密码不正确，可在网点设置的取号机一节查看。";
    NOT_PERMITTED = "not-permitted", 403,
        "Not permitted" / "无权操作",
        "{detail}" / "您的岗位无权进行此操作。说明：{detail}";
    NEEDS_ROLE = "not-permitted", 403,
        "Not permitted" / "无权操作",
        "This takes one of the staff roles {roles}. Ask a colleague who has it." / "此操作需要以下岗位之一：{roles}。请联系有权限的同事。";
    CROSS_SITE = "cross-site", 403,
        "Refused for safety" / "出于安全原因被拒绝",
        "The request came from another site or lacks the X-Branchmesh-CSRF header. Reload the page and try again."
            / "请求来自其他站点，或缺少 X-Branchmesh-CSRF 请求头。请刷新页面后重试。";
    TOO_MANY_ATTEMPTS = "too-many-attempts", 429,
        "Too many tries" / "尝试次数过多",
        "Too many sign-ins failed. Wait {seconds} seconds, then try again." / "登录失败次数过多，请 {seconds} 秒后再试。";
    TICKET_STATE = "ticket-state", 409,
        "The ticket's state does not allow it" / "票号当前状态不允许此操作",
        "The ticket is {state}. Reload it to see what can be done." / "该票当前状态为“{state}”，请刷新后查看可用操作。";
    ALREADY_CALLED = "already-called", 409,
        "Already called" / "已被呼叫",
        "Counter {counter} has just called this ticket. Call another one." / "{counter}号窗口刚刚呼叫了此票，请呼叫下一位。";
    COUNTER_STATE = "counter-state", 409,
        "The counter's state does not allow it" / "窗口当前状态不允许此操作",
        "{detail}" / "窗口当前状态不允许此操作。说明：{detail}";
    NO_AUTHORITY = "no-authority", 409,
        "Another part of the branch calls this ticket" / "此票由网络另一侧呼叫",
        "The network is split and this ticket may be called by: {holders}. You can call it anyway with `override` and a reason; it is then marked."
            / "网络已分隔，此票由以下设备呼叫：{holders}。如确需呼叫，可填写原因强制呼叫（override），系统将作标记。";
    KEY_REUSED = "key-reused", 409,
        "Idempotency key used before" / "幂等键已被使用",
        "This Idempotency-Key was used for another request. Use a fresh one for a new request."
            / "此 Idempotency-Key 已用于另一请求，请为新请求使用新的键。";
    CONFLICT = "conflict", 409,
        "Exists already" / "已存在",
        "There is already a {what} {id}. Change it instead, or choose another id." / "编号为 {id} 的{what}已存在，请修改原有记录或更换编号。";
    NO_PRINTER = "no-printer", 409,
        "No printer" / "没有打印机",
        "This device has no printer. Set one in its device settings, or print at another device."
            / "本设备未连接打印机，请在设备设置中填写，或换一台设备打印。";
    NO_STEWARD = "no-steward", 503,
        "No steward can be reached" / "无法联系到主持设备",
        "Nothing was changed. Try again with the same Idempotency-Key; the network may be settling after a change."
            / "未做任何更改。网络可能正在恢复，请用相同的 Idempotency-Key 重试。";
    RUNS_TWICE = "runs-twice", 503,
        "Another machine uses this device's identity" / "另一台机器正在使用本设备的身份",
        "A disk was copied. Switch one of the two off, empty its data folder and enrol it anew; until then neither issues or calls numbers."
            / "磁盘被复制过。请关闭其中一台，清空其数据目录后重新入网；在此之前，两台都不能取号或叫号。";
    UNAVAILABLE = "unavailable", 503,
        "Not available now" / "暂时无法使用",
        "{detail}" / "本设备暂时无法处理请求。说明：{detail}";
    NOT_HERE_YET = "unavailable", 503,
        "Not here yet" / "数据尚未到达本设备",
        "It was done, but ticket {ticket} has not reached this device yet, most likely because the network is split. Ask again with the same Idempotency-Key in a few seconds."
            / "操作已完成，但票 {ticket} 的数据尚未到达本设备，可能是网络已分隔。请几秒后用相同的 Idempotency-Key 重试。";
    BUSY = "busy", 503,
        "Too busy" / "繁忙",
        "This node serves as many requests of this kind as it can. Try again in a few seconds." / "本设备同类请求过多，请稍后再试。";
    INTERNAL = "internal", 500,
        "Something went wrong here" / "内部错误",
        "This is a fault of branchmesh, not yours. It was logged; please tell whoever looks after the system."
            / "这是系统故障，与您的操作无关。已记录，请通知系统管理人员。";
}

/// Names of things in sentences: what the code says, then both languages.
const WORDS: &[(&str, &str)] = &[
    ("ticket", "票"),
    ("counter", "窗口"),
    ("service", "业务"),
    ("category", "业务类型"),
    ("queue", "队列"),
    ("staff member", "员工"),
    ("staff", "员工"),
    ("device", "设备"),
    ("conflict", "冲突记录"),
    ("reminder", "提醒"),
    ("section", "配置项"),
    ("profile", "工作模式"),
    ("waiting", "等候中"),
    ("called", "已呼叫"),
    ("serving", "办理中"),
    ("no_show", "空号"),
    ("parked", "已挂起"),
    ("served", "已办结"),
    ("moved", "已调整队列"),
    ("abandoned", "已弃号"),
    ("expired", "已过期"),
    ("closed", "未开启"),
    ("paused", "已暂停"),
    ("work profile", "工作模式"),
    ("kiosk", "取号机"),
    ("display", "显示屏"),
    ("tablet", "平板"),
    ("rating", "评价器"),
    ("hq", "总行"),
    ("teller", "柜员"),
    ("lobby_manager", "大堂经理"),
    ("wealth_manager", "理财经理"),
    ("branch_head", "网点负责人"),
    ("admin", "管理员"),
];

/// The Chinese word for a thing or state named in English; unknown words stay as they are.
pub(crate) fn zh_word(word: &str) -> &str {
    WORDS.iter().find(|(en, _)| *en == word).map_or(word, |(_, zh)| zh)
}

/// Puts facts into a sentence; a fact's braces are never read as another mark.
pub(crate) fn fill(sentence: &str, facts: &[(&str, String)], zh: bool) -> String {
    let mut out = String::with_capacity(sentence.len() + 32);
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else { break };
        if let Some((_, value)) = facts.iter().find(|(n, _)| *n == name) {
            match name {
                "what" | "state" | "roles" if zh => out.push_str(&details::translated(value)),
                "detail" if zh => out.push_str(&details::zh(value)),
                _ => out.push_str(value),
            }
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(s: &str) -> Vec<&str> {
        let mut found: Vec<_> = s.split('{').skip(1).filter_map(|p| p.split_once('}')).map(|(n, _)| n).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn both_languages_are_complete_and_carry_the_same_facts() {
        for row in ALL {
            for s in [row.title, row.detail] {
                assert!(!s.en.is_empty() && !s.zh.is_empty(), "{}", row.slug);
                assert_eq!(marks(s.en), marks(s.zh), "{}", row.slug);
            }
            assert!(row.title.zh.chars().any(|c| c > '\u{2e80}'), "{}: the Chinese title is not Chinese", row.slug);
        }
    }

    #[test]
    fn a_fact_is_never_read_as_a_mark() {
        let facts = [("field", "{detail}".to_owned()), ("detail", "x".to_owned())];
        assert_eq!(fill(VALIDATION.detail.en, &facts, false), "{detail}: x");
        assert_eq!(fill("没有{what}", &[("what", "ticket".into())], true), "没有票");
    }
}
