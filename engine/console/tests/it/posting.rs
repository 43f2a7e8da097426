//! The client that commands post with.

use console::{Client, ClientError, Exposure, Limits, Settings, TlsFiles};

use crate::world::{World, any_port, example};

fn client(world: &World, token: &str) -> Client {
    Client::new(&format!("http://{}/", world.address), token, None).unwrap()
}

#[test]
fn a_record_is_posted_as_it_is_and_its_position_comes_back() {
    let world = World::new();
    let order = example("order");
    assert_eq!(client(&world, "tg_order").post(order.as_bytes()).unwrap(), 10);
    let submitted = world.lane.submitted.lock().unwrap();
    assert_eq!(submitted[0][0].raw, order.as_bytes());
}

#[test]
fn what_a_lane_refuses_is_told_with_its_code() {
    let world = World::new();
    let refused = |token: &str, raw: &[u8]| match client(&world, token).post(raw) {
        Err(ClientError::Refused(code, detail)) => {
            assert!(!detail.is_empty());
            code
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(refused("tg_click", example("order").as_bytes()), "auth.kind");
    assert_eq!(refused("tg_click", b"[]"), "body.array");
    assert_eq!(refused("no token", b"{}"), "auth.unknown");
    assert!(world.lane.submitted.lock().unwrap().is_empty());
}

#[test]
fn a_lane_that_is_not_there_is_said() {
    let mut world = World::new();
    let client = client(&world, "tg_click");
    world.stop();
    let error = client.post(b"{}").unwrap_err();
    assert!(error.to_string().contains(&world.address.to_string()), "{error}");
}

#[test]
fn over_tls_a_lane_is_believed_whose_certificate_is_trusted_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let files = TlsFiles { certificate: place("cert.pem"), key: place("key.pem") };
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    let exposure = Exposure::Tls(files.clone());
    let world = World::of(&Settings { listen: any_port(), exposure, limits: Limits::default() });
    let url = format!("https://localhost:{}", world.address.port());
    let trusting = Client::new(&url, "tg_order", Some(&files.certificate)).unwrap();
    assert_eq!(trusting.post(example("order").as_bytes()).unwrap(), 10);
    let doubting = Client::new(&url, "tg_order", None).unwrap();
    assert!(matches!(doubting.post(b"{}"), Err(ClientError::Unreachable(..))));
    let nobody = Client::new(&url, "tg_order", Some(&files.key)).err().unwrap();
    assert!(nobody.to_string().contains("holds no certificate"), "{nobody}");
}
