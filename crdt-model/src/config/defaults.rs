//! A usable branch before anybody configured it.

use std::collections::BTreeMap;

use jiff::civil::Time;

use super::{
    Branch, Category, Config, Counter, Kiosk, Profile, ProfileQueue, Queue, Service, Text, Themes, Thresholds, Ticker,
    Voice, Zone, default_languages, default_mean_service_s,
};

fn text(zh: &str, en: &str) -> Text {
    Text { zh: zh.into(), en: en.into() }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            branch: Branch {
                name: "Branch".into(),
                time_zone: String::new(),
                cut_off: Time::midnight(),
                languages: default_languages(),
                public_url: String::new(),
            },
            services: services(),
            groups: vec![],
            queues: queues(),
            counters: counters(),
            profiles: profiles(),
            zones: zones(),
            hours: vec![],
            screens: vec![],
            thresholds: Thresholds { pause_reasons: pause_reasons(), ..Thresholds::default() },
            themes: Themes { default: "system".into() },
            kiosk: Kiosk::default(),
            voice: Voice::default(),
            ticker: Ticker::default(),
            ranks: BTreeMap::new(),
            webhooks: vec![],
            staff: BTreeMap::new(),
            devices: BTreeMap::new(),
        }
    }
}

fn services() -> Vec<Service> {
    vec![
        service("cash", 'A', text("现金业务", "Cash"), default_mean_service_s(), cash_categories()),
        service("non_cash", 'B', text("非现金业务", "Non-cash"), 480, non_cash_categories()),
        service("wealth", 'V', text("理财业务", "Wealth"), 1200, wealth_categories()),
    ]
}

fn service(id: &str, prefix: char, name: Text, mean_service_s: u32, categories: Vec<Category>) -> Service {
    Service { id: id.into(), prefix, name, group: None, categories, queue: id.into(), mean_service_s, enabled: true }
}

fn category(id: &str, zh: &str, en: &str) -> Category {
    Category { id: id.into(), name: text(zh, en) }
}

fn cash_categories() -> Vec<Category> {
    vec![
        category("deposit", "存款", "Deposit"),
        category("withdrawal", "取款", "Withdrawal"),
        category("transfer", "汇款转账", "Transfer"),
        category("exchange", "外币兑换", "Currency exchange"),
    ]
}

fn non_cash_categories() -> Vec<Category> {
    vec![
        category("account_opening", "开户", "Account opening"),
        category("card", "银行卡", "Cards"),
        category("e_banking", "电子银行", "E-banking"),
        category("loss_report", "挂失", "Loss report"),
    ]
}

fn wealth_categories() -> Vec<Category> {
    vec![
        category("consultation", "理财咨询", "Consultation"),
        category("funds", "基金", "Funds"),
        category("insurance", "保险", "Insurance"),
    ]
}

fn queues() -> Vec<Queue> {
    services().into_iter().map(|s| Queue { id: s.queue, name: s.name }).collect()
}

fn counters() -> Vec<Counter> {
    (1..=6)
        .map(|number| {
            let (zone, profile) = match number {
                1..=3 => ("high_counter", "cash_first"),
                4..=5 => ("low_counter", "non_cash_only"),
                _ => ("vip", "wealth_only"),
            };
            let name = text(&format!("{number}号窗口"), &format!("Counter {number}"));
            Counter { number, name, zone: Some(zone.into()), profile: profile.into() }
        })
        .collect()
}

fn profiles() -> Vec<Profile> {
    vec![
        profile("cash_first", text("现金优先", "Cash first"), &["cash", "non_cash"]),
        profile("non_cash_only", text("非现金", "Non-cash"), &["non_cash"]),
        profile("wealth_only", text("理财", "Wealth"), &["wealth"]),
    ]
}

fn profile(id: &str, name: Text, queues: &[&str]) -> Profile {
    let queue = |(priority, queue): (u8, &&str)| ProfileQueue { queue: (*queue).into(), priority, after_wait_s: 0 };
    Profile { id: id.into(), name, queues: (1..).zip(queues).map(queue).collect(), aging_s: 900 }
}

fn zones() -> Vec<Zone> {
    vec![
        zone("ticketing", text("取号区", "Ticketing"), &["咨询服务区", "引导区", "consultation", "guide"]),
        zone("waiting", text("等候区", "Waiting"), &["休息区", "填单区", "rest", "form-filling"]),
        zone("self_service", text("自助区", "Self-service"), &["自助服务区"]),
        zone("e_banking", text("电子区域", "E-banking"), &["电子银行区", "营销信息发布区", "marketing display"]),
        zone("vip", text("贵宾区", "VIP"), &["理财服务区", "wealth service"]),
        zone("high_counter", text("高柜", "High counter"), &["封闭式柜台", "closed counter"]),
        zone("low_counter", text("低柜", "Low counter"), &["开放式柜台", "open counter"]),
    ]
}

fn zone(id: &str, name: Text, aliases: &[&str]) -> Zone {
    Zone { id: id.into(), name, aliases: aliases.iter().map(|a| (*a).into()).collect(), theme: None }
}

fn pause_reasons() -> Vec<String> {
    ["午餐 / Lunch", "休息 / Break", "会议 / Meeting", "清点现金 / Cash count", "设备故障 / Equipment"]
        .map(String::from)
        .to_vec()
}
