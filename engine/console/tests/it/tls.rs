//! How it listens.

use console::{Console, Exposure, Given, Limits, Place, Settings, StartError, TlsFiles};
use hyper::Method;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

use crate::client::{Asked, connect, send, send_on};
use crate::given::{TestBooks, TestClerk, TestLane, decode};
use crate::world::{World, any_port};

fn settings(exposure: Exposure) -> Settings {
    Settings { listen: any_port(), exposure, limits: Limits::default() }
}

fn files(folder: &Path) -> TlsFiles {
    TlsFiles { certificate: folder.join("cert.pem"), key: folder.join("key.pem") }
}

fn start(settings: &Settings) -> Result<Console, StartError> {
    let given = Given {
        lane: Arc::new(TestLane::new()),
        books: Arc::new(TestBooks::default()),
        clerk: Arc::new(|| Ok(Box::new(TestClerk))),
        decode,
        metrics: Arc::new(String::new),
        adopt: |_, _| {},
    };
    Console::start(given, Place::take(settings)?)
}

#[test]
fn other_machines_reach_it_over_tls_or_a_proxy_only() {
    let everywhere = (Ipv4Addr::UNSPECIFIED, 0).into();
    let exposed = Settings { listen: everywhere, ..settings(Exposure::Loopback) };
    let error = start(&exposed).err().unwrap();
    assert!(matches!(error, StartError::Exposed(_)));
    assert!(error.to_string().contains("proxy"), "{error}");
    let behind = Settings { listen: everywhere, ..settings(Exposure::BehindProxy) };
    start(&behind).unwrap().stop();
    start(&settings(Exposure::Loopback)).unwrap().stop();
}

#[test]
fn a_port_that_is_taken_is_said() {
    let world = World::new();
    let taken = Settings { listen: world.address, ..settings(Exposure::Loopback) };
    let error = start(&taken).err().unwrap().to_string();
    assert!(error.contains(&world.address.to_string()), "{error}");
}

#[test]
fn a_certificate_that_cannot_be_used_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    let refused =
        |files: &TlsFiles| start(&settings(Exposure::Tls(files.clone()))).err().unwrap().to_string();
    assert!(refused(&files).contains("cert.pem"), "it is not there");
    let one = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&files.certificate, one.cert.pem()).unwrap();
    std::fs::write(&files.key, "no key").unwrap();
    assert!(refused(&files).contains("key.pem"));
    std::fs::write(&files.key, other.signing_key.serialize_pem()).unwrap();
    assert!(refused(&files).contains("cert.pem"), "the key is another certificate's");
}

#[test]
fn over_tls_it_answers_and_in_the_clear_it_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    let world = World::of(&settings(Exposure::Tls(files)));
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    world.clients.block_on(async {
        let asked = Asked::new(Method::GET, "/v1/holds").token("tg_read");
        let connector = TlsConnector::from(Arc::new(config));
        let name = ServerName::try_from("localhost").unwrap();
        let socket = connector.connect(name, connect(world.address).await.unwrap()).await.unwrap();
        assert_eq!(send_on(socket, asked.clone()).await.unwrap().status, 200);
        assert!(send(world.address, asked).await.is_err(), "a request in the clear is no handshake");
    });
}
