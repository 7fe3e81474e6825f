//! `pp-server certs`: what it makes, and what it refuses to make.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use server::certs::{Certs, CertsError, run};
use transport::tls::client::{ClientFiles, ClientTls, OwnFiles};
use transport::tls::server::{ServerFiles, ServerTls};

/// A place for a folder, removed when dropped.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("pp-certs-{}-{name}", std::process::id())))
    }

    fn asked(&self) -> Certs {
        Certs { dir: self.0.clone(), ..Certs::default() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn server(&self) -> ServerFiles {
        ServerFiles {
            certificate: self.file("server.crt"),
            key: self.file("server.key"),
            client_ca: Some(self.file("ca.crt")),
            revocations: Some(self.file("revoked.crl")),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _never_made = fs::remove_dir_all(&self.0);
    }
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.into()).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn one_call_makes_all_that_a_server_and_its_clients_need() {
    let place = Place::new("all");
    let names = strings(&["ecg.example.org", "127.0.0.1"]);
    let said =
        run(&Certs { server_name: names, client: strings(&["Ward-1", "ward-2"]), ..place.asked() }).unwrap();
    assert_eq!(said.len(), 4, "{said:?}");
    for key in ["ca.key", "server.key", "clients/ward-1.key", "clients/ward-2.key"] {
        assert_eq!(mode(&place.file(key)), 0o600, "{key}");
    }
    assert_eq!(mode(&place.0), 0o700);
    assert!(ServerTls::load(&place.server()).unwrap().asks_clients());
    let own =
        OwnFiles { certificate: place.file("clients/ward-1.crt"), key: place.file("clients/ward-1.key") };
    let files = ClientFiles { ca: place.file("ca.crt"), own: Some(own) };
    assert!(ClientTls::load(&files, "ecg.example.org").is_ok());
}

#[test]
fn a_later_call_adds_clients_and_overwrites_nothing() {
    let place = Place::new("later");
    run(&Certs { server_name: strings(&["localhost"]), client: strings(&["ward-1"]), ..place.asked() })
        .unwrap();
    let before =
        ["ca.crt", "server.crt", "clients/ward-1.crt"].map(|name| fs::read(place.file(name)).unwrap());
    run(&Certs { client: strings(&["ward-2"]), ..place.asked() }).unwrap();
    assert!(place.file("clients/ward-2.crt").exists());
    // One that is there stops the call before it makes another.
    let again = Certs { client: strings(&["ward-3", "ward-1"]), ..place.asked() };
    let refused = run(&again).unwrap_err();
    assert!(matches!(&refused, CertsError::Exists(path) if path.ends_with("ward-1.crt")), "{refused}");
    assert!(!place.file("clients/ward-3.crt").exists());
    let server = Certs { server_name: strings(&["other"]), ..place.asked() };
    assert!(matches!(run(&server), Err(CertsError::Exists(_))));
    let after =
        ["ca.crt", "server.crt", "clients/ward-1.crt"].map(|name| fs::read(place.file(name)).unwrap());
    assert!(before == after);
}

#[test]
fn the_list_of_the_revoked_grows_and_the_name_is_free_again() {
    let place = Place::new("revoke");
    let clients = strings(&["ward-1", "ward-2"]);
    run(&Certs { server_name: strings(&["localhost"]), client: clients, ..place.asked() }).unwrap();
    let sizes = ["ward-1", "ward-2"].map(|name| {
        run(&Certs { revoke: strings(&[name]), ..place.asked() }).unwrap();
        ServerTls::load(&place.server()).unwrap();
        fs::metadata(place.file("revoked.crl")).unwrap().len()
    });
    assert!(sizes[0] < sizes[1], "the second entry comes to the first");
    assert!(!place.file("clients/ward-1.crt").exists() && !place.file("revoked.new").exists());
    assert_eq!(fs::read_dir(place.file("revoked")).unwrap().count(), 4);
    run(&Certs { client: strings(&["ward-1"]), ..place.asked() }).unwrap();
    let gone = run(&Certs { revoke: strings(&["nobody"]), ..place.asked() }).unwrap_err();
    assert!(gone.to_string().contains("nobody.crt"), "{gone}");
}

#[test]
fn what_cannot_be_made_is_refused_before_anything_is() {
    let place = Place::new("refused");
    let none = run(&Certs { client: strings(&["ward-1"]), ..place.asked() }).unwrap_err();
    assert!(none.to_string().contains("--server-name"), "{none}");
    assert!(matches!(run(&place.asked()), Err(CertsError::Nothing)));
    for name in ["", "a b", "../up", "*.example", "127.0.0.1", "gr\u{fc}n"] {
        let asked = Certs { server_name: strings(&["localhost"]), client: strings(&[name]), ..place.asked() };
        assert!(matches!(run(&asked), Err(CertsError::Name(..))), "{name:?}");
    }
    assert!(!place.0.exists());
    fs::create_dir(&place.0).unwrap();
    fs::write(place.file("ca.key"), "mine").unwrap();
    let asked = Certs { server_name: strings(&["localhost"]), ..place.asked() };
    assert!(matches!(run(&asked), Err(CertsError::Exists(_))));
    assert_eq!(fs::read(place.file("ca.key")).unwrap(), b"mine");
}

#[test]
fn the_program_makes_them_whatever_the_environment_says_of_a_server() {
    let place = Place::new("program");
    let made = Command::new(env!("CARGO_BIN_EXE_pp-server"))
        .env_clear()
        .env("PP_SERVER_MODEL", "x.bin")
        .args(["certs", "--server-name", "localhost", "--client", "ward-1", "--dir"])
        .arg(&place.0)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert!(String::from_utf8_lossy(&made.stdout).contains("ward-1.crt"));
}
