//! Finding devices by multicast. Never the only way: Wi-Fi networks often block it.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use branchmesh_model::ids::DeviceId;
use futures_util::StreamExt;
use iroh_mdns_address_lookup::{DiscoveryEvent, MdnsAddressLookup};

use super::event::MeshEvent;
use super::shared::Shared;

/// Name of the service; nodes of other programs on iroh do not answer to it.
const SERVICE: &str = "branchmesh";
/// Pause before another attempt to start, for a network that was not up yet.
const RETRY: Duration = Duration::from_secs(15);
/// Where multicast DNS is spoken.
const GROUP: (Ipv4Addr, u16) = (Ipv4Addr::new(224, 0, 0, 251), 5353);

/// Announces this node and follows announcements until the mesh stops, if the configuration wants it.
pub(super) fn spawn(shared: &Arc<Shared>) {
    if !shared.mdns_wanted {
        return;
    }
    let (running, for_task) = (shared.clone(), shared.clone());
    shared.spawn(async move {
        tokio::select! {
            () = running.stop.cancelled() => {}
            () = discover(&for_task) => {}
        }
    });
}

/// Why multicast does not work here.
pub(super) fn problem(shared: &Shared) -> Option<String> {
    if !shared.mdns_wanted {
        return None;
    }
    let failure = shared.mdns_failure.lock().expect("no holder of this lock panics").clone();
    failure.or_else(no_route)
}

/// Asks the system, without sending anything, whether it knows where multicast goes.
fn no_route() -> Option<String> {
    let probe = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).and_then(|socket| socket.connect(GROUP));
    probe.err().map(|error| {
        format!(
            "multicast has no route ({error}): devices are not found by themselves; add a default route or a route for \
             224.0.0.0/4, or give static peer addresses"
        )
    })
}

async fn discover(shared: &Shared) {
    loop {
        let failure = match MdnsAddressLookup::builder().service_name(SERVICE).build(shared.endpoint.id()) {
            Ok(mdns) => {
                set_failure(shared, None);
                follow(shared, mdns).await;
                "multicast discovery stopped".to_owned()
            }
            Err(error) => format!("multicast discovery could not start: {error:#}"),
        };
        tracing::debug!(failure, "no multicast discovery");
        set_failure(shared, Some(failure));
        tokio::time::sleep(RETRY).await;
    }
}

fn set_failure(shared: &Shared, failure: Option<String>) {
    *shared.mdns_failure.lock().expect("no holder of this lock panics") = failure;
}

/// Notes what is announced. What its short channel drops is found again when a device is dialled, because the endpoint
/// looks there too.
async fn follow(shared: &Shared, mdns: MdnsAddressLookup) {
    let Ok(lookup) = shared.endpoint.address_lookup() else { return };
    lookup.clear();
    lookup.add(mdns.clone());
    let mut announcements = mdns.subscribe().await;
    while let Some(announcement) = announcements.next().await {
        let DiscoveryEvent::Discovered { endpoint_info, .. } = announcement else { continue };
        let device = DeviceId(*endpoint_info.endpoint_id.as_bytes());
        if !shared.gate.allows(&device) {
            continue;
        }
        let addrs: Vec<SocketAddr> = endpoint_info.data.ip_addrs().copied().collect();
        shared.learn(device, &addrs);
        if !addrs.is_empty() {
            // Remembering addresses is a convenience; a full channel has more important things in it.
            let _ = shared.events.try_send(MeshEvent::AddressLearnt { device, addrs });
        }
    }
}
