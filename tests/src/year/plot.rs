//! The evenings of a year as small charts under one another, one SVG file.

use std::fmt::Write as _;

use super::Evening;

const WIDTH: f64 = 840.0;
const HEIGHT: f64 = 120.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 28.0;
const GAP: f64 = 26.0;
/// More points than this would only make the file larger.
const POINTS: usize = 180;
const COLOURS: [&str; 2] = ["#1d5fa7", "#c8641b"];

/// A line of a chart.
struct Line {
    name: &'static str,
    of: fn(&Evening) -> f64,
}

/// A chart: its title with the unit, and its lines.
struct Chart {
    title: &'static str,
    lines: &'static [Line],
}

const MIB: f64 = (1 << 20) as f64;

const CHARTS: [Chart; 6] = [
    Chart {
        title: "Database, MiB",
        lines: &[
            Line { name: "file", of: |e| e.file_bytes as f64 / MIB },
            Line { name: "content", of: |e| e.content_bytes as f64 / MIB },
        ],
    },
    Chart {
        title: "Documents",
        lines: &[
            Line { name: "held", of: |e| e.documents as f64 },
            Line { name: "archived", of: |e| e.archived as f64 },
        ],
    },
    Chart {
        title: "Stewardship, KiB on disk",
        lines: &[Line { name: "rows", of: |e| e.steward_bytes as f64 / 1024.0 }],
    },
    Chart {
        title: "Changes not compacted yet, and waiting in memory",
        lines: &[
            Line { name: "one by one", of: |e| e.loose_changes as f64 },
            Line { name: "waiting", of: |e| e.early_changes as f64 },
        ],
    },
    Chart {
        title: "Resident memory of all three devices, MiB",
        lines: &[Line { name: "resident", of: |e| e.resident_bytes as f64 / MIB }],
    },
    Chart {
        title: "Start on Monday, ms",
        lines: &[
            Line { name: "open and check", of: |e| e.open_us as f64 / 1e3 },
            Line { name: "fold", of: |e| e.fold_us as f64 / 1e3 },
        ],
    },
];

/// The charts; empty without evenings.
pub fn svg(evenings: &[Evening]) -> String {
    let Some(last) = evenings.last() else { return String::new() };
    let some: Vec<&Evening> = evenings.iter().step_by(evenings.len().div_ceil(POINTS)).chain([last]).collect();
    let each = TOP + HEIGHT + GAP;
    let height = each * CHARTS.len() as f64;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#333\">\n\
         <title>A simulated year of one device</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    for (n, chart) in CHARTS.iter().enumerate() {
        draw(&mut out, chart, &some, each * n as f64);
    }
    out + "</svg>\n"
}

fn draw(out: &mut String, chart: &Chart, evenings: &[&Evening], top: f64) {
    let values = chart.lines.iter().flat_map(|line| evenings.iter().map(|e| (line.of)(e)));
    let highest = round_up(values.fold(0.0, f64::max));
    let days = evenings.last().map_or(1.0, |e| f64::from(e.day)).max(1.0);
    let x = |day: u32| LEFT + f64::from(day) / days * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| top + TOP + HEIGHT * (1.0 - value / highest);
    let _ = writeln!(out, "<text x=\"{LEFT}\" y=\"{}\" font-weight=\"600\">{}</text>", top + TOP - 10.0, chart.title);
    for part in [0.0, 0.5, 1.0] {
        let (value, at) = (highest * part, y(highest * part));
        let right = WIDTH - RIGHT;
        let _ = writeln!(out, "<path d=\"M{LEFT} {at:.1}H{right}\" stroke=\"#ddd\"/>");
        let _ = writeln!(out, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>", LEFT - 8.0, at + 4.0);
    }
    for quarter in 0..=4 {
        let day = (days * f64::from(quarter) / 4.0) as u32;
        let (at, under) = (x(day), top + TOP + HEIGHT + 16.0);
        let _ = writeln!(out, "<text x=\"{at:.0}\" y=\"{under:.0}\" text-anchor=\"middle\">day {day}</text>");
    }
    for (n, line) in chart.lines.iter().enumerate() {
        let colour = COLOURS[n % COLOURS.len()];
        let points: Vec<String> = evenings.iter().map(|e| format!("{:.1},{:.1}", x(e.day), y((line.of)(e)))).collect();
        let (points, label) = (points.join(" "), top + TOP + 14.0 + 18.0 * n as f64);
        let _ = writeln!(out, "<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"/>");
        let right = WIDTH - RIGHT + 12.0;
        let _ = writeln!(out, "<text x=\"{right}\" y=\"{label:.0}\" fill=\"{colour}\">{}</text>", line.name);
    }
}

/// The next of 1, 2, 5, 10, 20 … that is not below.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let magnitude = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * magnitude).find(|step| *step >= value).unwrap_or(value)
}
