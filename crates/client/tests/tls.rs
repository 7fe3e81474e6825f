//! `pp-client` under TLS as a person runs it: a real process, real sockets, certificates that
//! `pp-server certs` makes for the test.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use deepcardio::model::Model;
use protocol::channel::Timeouts;
use protocol::method::Reveal;
use protocol::server::Service;
use server::accounts::Uncounted;
use server::certs::{Certs, run};
use server::live::Live;
use server::serve::{Bounds, serve};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use transport::tcp::Listener;
use transport::tls::server::{ServerFiles, ServerTls};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Certificates for `localhost` and one client, removed when dropped.
struct Authority(PathBuf);

impl Authority {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("pp-client-tls-{}-{name}", std::process::id()));
        let (server_name, client) = (vec!["localhost".into()], vec!["gateway".into()]);
        run(&Certs { dir: dir.clone(), server_name, client, revoke: Vec::new() }).unwrap();
        Self(dir)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn server(&self) -> ServerTls {
        let files = ServerFiles {
            certificate: self.0.join("server.crt"),
            key: self.0.join("server.key"),
            client_ca: Some(self.0.join("ca.crt")),
            revocations: Some(self.0.join("revoked.crl")),
        };
        ServerTls::load(&files).unwrap()
    }

    fn trust(&self) -> [String; 2] {
        ["--tls-ca".into(), self.file("ca.crt")]
    }

    fn own(&self) -> [String; 4] {
        let (certificate, key) = (self.file("clients/gateway.crt"), self.file("clients/gateway.key"));
        ["--tls-cert".into(), certificate, "--tls-key".into(), key]
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

/// A server on a port of its own, stopped when dropped.
struct Server {
    port: u16,
    live: Arc<Live>,
    stop: CancellationToken,
    _runtime: Runtime,
}

impl Server {
    fn start(tls: Option<ServerTls>) -> Self {
        let model = Model::load(&root().join("models/deepcardio.bin")).unwrap();
        let live = Arc::new(Live::new(Service::new(model, Reveal::Label).unwrap(), tls, Arc::new(Uncounted)));
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(Listener::bind((Ipv4Addr::LOCALHOST, 0).into(), false)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let stop = CancellationToken::new();
        let silence = Duration::from_secs(600);
        let bounds = Bounds::with_sessions(8, Timeouts { progress: silence, idle: silence });
        runtime.spawn(serve(listener, Arc::clone(&live), bounds, stop.clone()));
        Self { port, live, stop, _runtime: runtime }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The program, without the settings of whoever runs the tests.
fn client(host: &str, port: u16, arguments: &[String]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pp-client"));
    command.env_clear().current_dir(root()).args(["infer", "samples/synthetic-af.csv"]);
    command.args(["--server", &format!("{host}:{port}")]).args(arguments).output().unwrap()
}

fn refused(output: &Output, code: i32, part: &str) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    assert!(error.contains(part), "no {part:?} in {error}");
    assert!(output.stdout.is_empty());
}

fn served(output: &Output) {
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("Rhythm: Atrial fibrillation"), "{out}{error}");
}

#[test]
fn a_client_and_a_server_that_know_each_other_find_the_rhythm() {
    let authority = Authority::new("good");
    let server = Server::start(Some(authority.server()));
    let flags = [&authority.trust()[..], &authority.own()].concat();
    served(&client("localhost", server.port, &flags));
    // The same from a configuration file, whose paths are meant from its folder.
    let text = "tls-ca = \"ca.crt\"\ntls-cert = \"clients/gateway.crt\"\ntls-key = \"clients/gateway.key\"\n\
                server-name = \"localhost\"\n";
    fs::write(authority.file("pp-client.toml"), text).unwrap();
    served(&client("127.0.0.1", server.port, &["--config".into(), authority.file("pp-client.toml")]));
}

#[test]
fn who_does_not_trust_or_is_not_trusted_learns_why() {
    let (authority, stranger) = (Authority::new("one"), Authority::new("other"));
    let server = Server::start(Some(authority.server()));
    let (trust, own) = (authority.trust(), authority.own());
    let cases = [
        ("localhost", [&trust[..], &[]].concat(), "pass --tls-cert and --tls-key"),
        ("localhost", [&trust[..], &stranger.own()].concat(), "does not know the authority"),
        ("localhost", [&stranger.trust()[..], &own].concat(), "no authority in the file of --tls-ca"),
        ("127.0.0.1", [&trust[..], &own].concat(), "not for the name \"127.0.0.1\""),
        ("localhost", Vec::new(), "it speaks TLS alone; pass --tls-ca"),
    ];
    for (host, flags, part) in cases {
        refused(&client(host, server.port, &flags), 4, part);
    }
    let flags = [&trust[..], &own].concat();
    served(&client("localhost", server.port, &flags));
    run(&Certs { dir: authority.0.clone(), revoke: vec!["gateway".into()], ..Certs::default() }).unwrap();
    assert!(server.live.replace_tls(authority.server()).is_empty(), "no session runs");
    let revoked = fs::read_dir(authority.0.join("revoked")).unwrap().map(|entry| entry.unwrap().path());
    let revoked = revoked.map(|path| path.with_extension("")).next().unwrap();
    let file = |ending: &str| revoked.with_extension(ending).to_str().unwrap().to_owned();
    let own = ["--tls-cert".into(), file("crt"), "--tls-key".into(), file("key")];
    refused(
        &client("localhost", server.port, &[&trust[..], &own].concat()),
        4,
        "has revoked the certificate",
    );
}

#[test]
fn a_server_without_tls_is_found_out() {
    let authority = Authority::new("plain");
    let server = Server::start(None);
    refused(&client("localhost", server.port, &authority.trust()), 4, "does not speak TLS");
    served(&client("127.0.0.1", server.port, &[]));
}

#[test]
fn settings_that_cannot_be_used_send_nothing() {
    let authority = Authority::new("settings");
    let (trust, own) = (authority.trust(), authority.own());
    let key = authority.file("clients/gateway.key");
    let cases = [
        (vec!["--tls-ca".into(), "README.md".into()], "README.md"),
        ([&trust[..], &own[..2]].concat(), "--tls-cert and --tls-key go together"),
        (own.to_vec(), "--tls-ca FILE"),
        (vec!["--server-name".into(), "x".into()], "--tls-ca FILE"),
        ([&trust[..], &["--server-name".into(), "no name".into()]].concat(), "no name"),
    ];
    for (flags, part) in cases {
        // Nobody listens on port 9.
        refused(&client("localhost", 9, &flags), 2, part);
    }
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let loose = client("localhost", 9, &[&trust[..], &own].concat());
    refused(&loose, 2, &format!("chmod 600 {key}"));
}
