//! The test network itself: a cut cuts, a mended cable carries, and the management network lets nothing through.

use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use anyhow::{Result, ensure};
use branchmesh_tests::lan::Lan;

const PORT: u16 = 7499;

/// How long a datagram may take between two namespaces of one machine before it counts as lost.
const LOST_AFTER: Duration = Duration::from_secs(2);

/// Whether a datagram from one host reaches `to` at another.
fn reaches(lan: &Lan, from: usize, host: usize, to: Ipv4Addr) -> Result<bool> {
    let receiver = lan.on_host(host, || Ok(UdpSocket::bind((to, PORT))?))?;
    receiver.set_read_timeout(Some(LOST_AFTER))?;
    lan.on_host(from, || {
        UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?.send_to(b"hello", (to, PORT))?;
        Ok(())
    })?;
    Ok(receiver.recv(&mut [0; 16]).is_ok())
}

#[test]
fn a_cut_separates_groups_and_healing_joins_them() -> Result<()> {
    let lan = Lan::new(3, false)?;
    ensure!(reaches(&lan, 0, 1, lan.mesh_ip(1))? && reaches(&lan, 2, 0, lan.mesh_ip(0))?, "all are connected");
    lan.split(&[&[0, 1], &[2]])?;
    ensure!(reaches(&lan, 0, 1, lan.mesh_ip(1))?, "one side is whole");
    ensure!(!reaches(&lan, 0, 2, lan.mesh_ip(2))? && !reaches(&lan, 2, 1, lan.mesh_ip(1))?, "the sides are apart");
    ensure!(lan.split(&[&[0, 1]]).is_err(), "a split that forgets a host is refused");
    lan.heal()?;
    ensure!(reaches(&lan, 0, 2, lan.mesh_ip(2))?, "all are connected again");
    Ok(())
}

#[test]
fn the_management_network_reaches_every_host_and_joins_none() -> Result<()> {
    let lan = Lan::new(2, false)?;
    ensure!(!reaches(&lan, 0, 1, lan.mgmt_ip(1))?, "hosts do not hear each other there");
    lan.split(&[&[0], &[1]])?;
    for host in 0..2 {
        let server = lan.on_host(host, || Ok(TcpListener::bind((lan.mgmt_ip(host), PORT))?))?;
        TcpStream::connect_timeout(&server.local_addr()?, LOST_AFTER)?;
    }
    Ok(())
}

#[test]
fn multicast_is_carried_only_where_it_is_switched_on() -> Result<()> {
    let lan = Lan::new(2, false)?;
    let group = Ipv4Addr::new(224, 0, 0, 251);
    let send = || {
        lan.on_host(0, || {
            let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
            Ok(socket.send_to(b"hello", (group, PORT))?)
        })
    };
    ensure!(send().is_err(), "without a route nothing can be sent");
    lan.set_multicast(true)?;
    let receiver = lan.on_host(1, || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, PORT))?;
        socket.join_multicast_v4(&group, &lan.mesh_ip(1))?;
        Ok(socket)
    })?;
    receiver.set_read_timeout(Some(LOST_AFTER))?;
    send()?;
    ensure!(receiver.recv(&mut [0; 16]).is_ok(), "with one it arrives");
    lan.set_multicast(false)?;
    ensure!(send().is_err(), "and it can be switched off again");
    Ok(())
}
