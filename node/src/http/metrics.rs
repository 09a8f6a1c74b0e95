//! Figures for Prometheus: requests as they are answered, the mesh as the newest snapshot shows it. No label carries
//! anything about a customer or a ticket, and the set of labels is bounded by the routes of this API.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;

use super::ApiState;
use crate::handle::Snapshot;

/// Upper ends of the latency histogram, seconds.
const BUCKETS_S: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

#[derive(Default)]
struct Series {
    count: u64,
    sum_s: f64,
    buckets: [u64; BUCKETS_S.len()],
}

/// Requests answered since start.
#[derive(Default)]
pub struct Metrics {
    requests: Mutex<BTreeMap<(String, String, u16), Series>>,
}

impl Metrics {
    fn record(&self, method: &str, route: &str, status: u16, took: Duration) {
        let mut requests = self.requests.lock().expect("no holder of this lock panics");
        let series = requests.entry((method.to_owned(), route.to_owned(), status)).or_default();
        let took_s = took.as_secs_f64();
        series.count += 1;
        series.sum_s += took_s;
        for (bucket, end_s) in series.buckets.iter_mut().zip(BUCKETS_S) {
            *bucket += u64::from(took_s <= end_s);
        }
    }

    /// The text of `/metrics`.
    pub(crate) fn render(&self, snapshot: &Snapshot, sessions: usize, streams: usize) -> String {
        let mut out = String::with_capacity(8192);
        self.render_requests(&mut out);
        render_mesh(&mut out, snapshot);
        gauge(&mut out, "branchmesh_http_sign_ins_waiting", "Sign-ins that wait for their turn.", sessions as f64);
        gauge(&mut out, "branchmesh_http_event_streams", "Open event streams.", streams as f64);
        out
    }

    fn render_requests(&self, out: &mut String) {
        let requests = self.requests.lock().expect("no holder of this lock panics");
        head(out, "branchmesh_http_request_duration_seconds", "histogram", "Time to answer a request.");
        for ((method, route, status), series) in requests.iter() {
            let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
            let name = "branchmesh_http_request_duration_seconds";
            for (count, end_s) in series.buckets.iter().zip(BUCKETS_S) {
                line(out, format_args!("{name}_bucket{{{labels},le=\"{end_s}\"}} {count}"));
            }
            line(out, format_args!("{name}_bucket{{{labels},le=\"+Inf\"}} {}", series.count));
            line(out, format_args!("{name}_sum{{{labels}}} {}", series.sum_s));
            line(out, format_args!("{name}_count{{{labels}}} {}", series.count));
        }
    }
}

fn render_mesh(out: &mut String, snapshot: &Snapshot) {
    let mesh = &snapshot.mesh;
    gauge(out, "branchmesh_revision", "Pictures published since start.", snapshot.revision as f64);
    gauge(out, "branchmesh_documents", "Documents held.", mesh.documents as f64);
    gauge(out, "branchmesh_stored_bytes", "Stored bytes.", mesh.stored_bytes as f64);
    gauge(out, "branchmesh_group_devices", "Devices of the connected group.", mesh.group.len() as f64);
    gauge(out, "branchmesh_has_steward", "Whether a steward is known.", f64::from(u8::from(mesh.steward.is_some())));
    gauge(out, "branchmesh_foreign_waiting", "Waiting tickets this side may not call.", mesh.foreign.len() as f64);
    gauge(out, "branchmesh_anomalies", "Odd things found in merged data.", snapshot.anomalies.len() as f64);
    head(out, "branchmesh_tickets", "gauge", "Tickets of the business day by state.");
    let mut states: BTreeMap<&str, u64> = BTreeMap::new();
    for ticket in snapshot.today().tickets.values() {
        *states.entry(ticket.state.as_str()).or_default() += 1;
    }
    for (state, count) in states {
        line(out, format_args!("branchmesh_tickets{{state=\"{state}\"}} {count}"));
    }
    render_peers(out, snapshot);
    head(out, "branchmesh_events_total", "counter", "Things the core counted since start, by name.");
    for (name, count) in &mesh.counts {
        let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        line(out, format_args!("branchmesh_events_total{{name=\"{name}\"}} {count}"));
    }
}

fn render_peers(out: &mut String, snapshot: &Snapshot) {
    type Read = fn(&crate::handle::Peer) -> Option<f64>;
    let table: [(&str, &str, &str, Read); 6] = [
        ("branchmesh_peer_connected", "gauge", "Whether a connection is up.", |p| {
            Some(f64::from(u8::from(p.connected)))
        }),
        ("branchmesh_peer_rtt_ms", "gauge", "Round trip, milliseconds.", |p| p.rtt_ms),
        ("branchmesh_peer_behind", "gauge", "Documents that differ from its replica.", |p| Some(p.behind as f64)),
        ("branchmesh_peer_queued", "gauge", "Frames waiting to be sent.", |p| Some(p.queued as f64)),
        ("branchmesh_peer_received_bytes_total", "counter", "Bytes received.", |p| Some(p.bytes_in as f64)),
        ("branchmesh_peer_sent_bytes_total", "counter", "Bytes sent.", |p| Some(p.bytes_out as f64)),
    ];
    for (name, kind, help, read) in table {
        head(out, name, kind, help);
        for peer in &snapshot.mesh.peers {
            if let Some(value) = read(peer) {
                line(out, format_args!("{name}{{device=\"{}\"}} {value}", peer.device.short()));
            }
        }
    }
}

fn gauge(out: &mut String, name: &str, help: &str, value: f64) {
    head(out, name, "gauge", help);
    line(out, format_args!("{name} {value}"));
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    line(out, format_args!("# HELP {name} {help}\n# TYPE {name} {kind}"));
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("writing to a string does not fail");
}

/// Middleware: times each request under its route's pattern, so that hostile paths make no labels.
pub(crate) async fn measure(State(api): State<ApiState>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    let named = match method.as_str() {
        known @ ("GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS") => known,
        _ => "other",
    };
    api.metrics.record(named, &route, response.status().as_u16(), start.elapsed());
    response
}
