//! One DevTools connection: commands get their answers by number, events are written down for later judgement.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, anyhow};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio_websockets::{ClientBuilder, Limits, MaybeTlsStream, Message, WebSocketStream};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Ask = (&'static str, Value, oneshot::Sender<Result<Value>>);

/// Screenshots come as one message.
const LARGEST_MESSAGE_BYTES: usize = 64 << 20;

/// What a page did on its own.
#[derive(Clone, Default, Debug)]
pub(super) struct Observed {
    /// Errors on the console and exceptions nobody caught.
    pub(super) errors: Vec<String>,
    /// Addresses it asked for.
    pub(super) requests: Vec<String>,
}

/// The connection; ends with its last holder.
pub(super) struct Cdp {
    asks: mpsc::Sender<Ask>,
    observed: Arc<Mutex<Observed>>,
}

impl Cdp {
    pub(super) async fn connect(address: &str) -> Result<Self> {
        let limits = Limits::default().max_payload_len(Some(LARGEST_MESSAGE_BYTES));
        let (socket, _) = ClientBuilder::new().uri(address)?.limits(limits).connect().await?;
        let (asks, inbox) = mpsc::channel(16);
        let observed = Arc::<Mutex<Observed>>::default();
        tokio::spawn(serve(socket, inbox, observed.clone()));
        Ok(Self { asks, observed })
    }

    /// Sends a command and waits for its result.
    pub(super) async fn ask(&self, method: &'static str, params: Value) -> Result<Value> {
        let (reply, answer) = oneshot::channel();
        let ended = || anyhow!("the browser closed the connection during {method}");
        self.asks.send((method, params, reply)).await.map_err(|_| ended())?;
        tokio::time::timeout(super::PATIENCE, answer).await.with_context(|| method)?.map_err(|_| ended())?
    }

    pub(super) fn observed(&self) -> Observed {
        self.observed.lock().expect("no holder of this lock panics").clone()
    }
}

/// Owns the socket until either side is gone; unanswered commands then fail because their replies are dropped.
async fn serve(mut socket: Socket, mut inbox: mpsc::Receiver<Ask>, observed: Arc<Mutex<Observed>>) {
    let mut open: HashMap<u64, (&'static str, oneshot::Sender<Result<Value>>)> = HashMap::new();
    let mut number = 0;
    loop {
        tokio::select! {
            ask = inbox.recv() => {
                let Some((method, params, reply)) = ask else { return };
                number += 1;
                open.insert(number, (method, reply));
                let text = json!({ "id": number, "method": method, "params": params }).to_string();
                if socket.send(Message::text(text)).await.is_err() {
                    return;
                }
            }
            message = socket.next() => {
                let Some(Ok(message)) = message else { return };
                let Some(Ok(value)) = message.as_text().map(serde_json::from_str::<Value>) else { continue };
                match value["id"].as_u64().and_then(|id| open.remove(&id)) {
                    Some((method, reply)) => drop(reply.send(result(method, &value))),
                    None => note(&value, &mut observed.lock().expect("no holder of this lock panics")),
                }
            }
        }
    }
}

fn result(method: &str, answer: &Value) -> Result<Value> {
    match answer.get("error") {
        Some(error) => Err(anyhow!("{method}: {error}")),
        None => Ok(answer["result"].clone()),
    }
}

fn note(event: &Value, observed: &mut Observed) {
    let params = &event["params"];
    match event["method"].as_str() {
        Some("Runtime.exceptionThrown") => observed.errors.push(params["exceptionDetails"].to_string()),
        Some("Runtime.consoleAPICalled") if params["type"] == "error" => {
            observed.errors.push(params["args"].to_string())
        }
        Some("Log.entryAdded") if params["entry"]["level"] == "error" && !is_refusal(&params["entry"]) => {
            observed.errors.push(params["entry"].to_string())
        }
        Some("Network.requestWillBeSent") => {
            observed.requests.extend(params["request"]["url"].as_str().map(str::to_owned));
        }
        _ => {}
    }
}

/// A command that was refused, which the browser notes beside its console: the page tells the person, so it is no fault.
fn is_refusal(entry: &Value) -> bool {
    let says = |field: &str, part: &str| entry[field].as_str().is_some_and(|text| text.contains(part));
    says("url", "/api/v1/") && (says("text", "status of 409") || says("text", "status of 422"))
}
