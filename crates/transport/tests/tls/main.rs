//! TLS over real TCP sockets, with certificates made for each test.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod authority;

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;

use authority::{Authority, Folder, Use, Valid};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use transport::connection::Connection;
use transport::stream::Stream;
use transport::tcp::{self, Listener};
use transport::tls::client::{ClientFiles, ClientTls, OwnFiles};
use transport::tls::files::FileError;
use transport::tls::server::{ServerFiles, ServerTls, Unwelcome};

async fn listen() -> (Listener, SocketAddr) {
    let listener = Listener::bind(([127, 0, 0, 1], 0).into(), false).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// What a server's half came to.
type Served = Result<Connection<Stream>, Unwelcome>;

/// Both halves of a handshake, and a word from the server that the client waits for. The client's
/// half fails with what it would tell a person.
async fn shake(
    server: &ServerFiles,
    client: &ClientFiles,
    name: &str,
) -> (Served, Result<Connection<Stream>, String>) {
    let server = ServerTls::load(server).unwrap();
    let (listener, address) = listen().await;
    let serve = async {
        let mut served = server.handshake(listener.accept().await.unwrap()).await;
        if let Ok(connection) | Err(Unwelcome::Nameless(connection)) = &mut served {
            connection.stream.write_all(b"!").await.unwrap();
            connection.stream.flush().await.unwrap();
        }
        served
    };
    let ask = async {
        let client = ClientTls::load(client, name).unwrap();
        let mut connection = client.connect(address).await.map_err(|error| error.to_string())?;
        // What a client says before it hears of a refusal must not keep it from hearing.
        let sent = connection.stream.write_all(&[1; 1000]).await;
        let heard = connection.stream.read_exact(&mut [0; 1]).await;
        match sent.and(heard) {
            Ok(_) => Ok(connection),
            Err(error) => Err(client.refusal().unwrap_or_else(|| error.to_string())),
        }
    };
    tokio::join!(serve, ask)
}

/// A handshake that must fail: what the server logs, and what the client says.
async fn refused(server: &ServerFiles, client: &ClientFiles, name: &str) -> (String, String) {
    let (served, asked) = shake(server, client, name).await;
    let Err(Unwelcome::Refused(log)) = served else { panic!("served: {served:?}") };
    (log, asked.unwrap_err())
}

fn contains(text: &str, part: &str) {
    assert!(text.contains(part), "no {part:?} in {text:?}");
}

#[tokio::test]
async fn both_ends_prove_who_they_are_and_share_a_binding() {
    let authority = Authority::new();
    let client = authority.trusting(authority.client("Gateway-7", 2));
    let (served, asked) = shake(&authority.server(), &client, "localhost").await;
    let (served, asked) = (served.unwrap(), asked.unwrap());
    assert_eq!(served.identity.unwrap().as_str(), "gateway-7");
    assert_eq!(asked.identity, None);
    assert!(served.binding.is_some() && served.binding == asked.binding);
    let (again, _) = shake(&authority.server(), &client, "localhost").await;
    assert_ne!(again.unwrap().binding, served.binding, "every connection has its own");
}

#[tokio::test]
async fn much_travels_both_ways_at_once() {
    let authority = Authority::new();
    let client = authority.trusting(authority.client("gateway", 2));
    let (served, asked) = shake(&authority.server(), &client, "localhost").await;
    let flood = |stream: Stream, skip: usize| async move {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let sent: Vec<u8> = (0..3_000_000u32).map(|i| i as u8).collect();
        let mut heard = vec![0; skip + sent.len()];
        let write = async {
            writer.write_all(&sent).await.unwrap();
            writer.flush().await.unwrap();
        };
        let ((), read) = tokio::join!(write, reader.read_exact(&mut heard));
        read.unwrap();
        assert!(heard[skip..] == sent);
    };
    // The server has yet to hear what the client said in the handshake's test.
    tokio::join!(flood(served.unwrap().stream, 1000), flood(asked.unwrap().stream, 0));
}

#[tokio::test]
async fn a_server_need_not_ask_who_its_clients_are() {
    let authority = Authority::new();
    let server = ServerFiles { client_ca: None, ..authority.server() };
    for own in [None, authority.client("gateway", 2)] {
        let (served, asked) = shake(&server, &authority.trusting(own), "localhost").await;
        assert_eq!(served.unwrap().identity, None);
        assert!(asked.unwrap().binding.is_some());
    }
}

#[tokio::test]
async fn clients_without_a_good_certificate_are_refused_and_told_why() {
    let (authority, stranger, namesake) = (Authority::new(), Authority::called("another"), Authority::new());
    let revocations = Some(authority.revoke(&[7]));
    let server = ServerFiles { revocations, ..authority.server() };
    let old = authority.issue(&["gateway"], 3, Valid::Before, Use::Client).0;
    let of_a_server = authority.issue(&["gateway"], 4, Valid::Now, Use::Server).0;
    let cases = [
        (None, "showed no certificate", "pass --tls-cert and --tls-key"),
        (
            stranger.client("gateway", 2),
            "no authority in the file of client-ca",
            "does not know the authority",
        ),
        (
            namesake.client("gateway", 2),
            "no authority in the file of client-ca",
            "does not know the authority",
        ),
        (authority.client("gateway", 7), "revoked", "has revoked the certificate"),
        (Some(old), "has expired", "has expired or is not valid yet"),
        (Some(of_a_server), "not made for clients", "ask its operator for another"),
    ];
    for (own, log, told) in cases {
        let (server_says, client_says) = refused(&server, &authority.trusting(own), "localhost").await;
        contains(&server_says, log);
        contains(&client_says, told);
    }
    // Whom the list does not name is let in.
    let (served, asked) =
        shake(&server, &authority.trusting(authority.client("other", 8)), "localhost").await;
    assert!(served.is_ok() && asked.is_ok());
}

#[tokio::test]
async fn a_client_whose_certificate_names_nobody_can_be_told_so() {
    let authority = Authority::new();
    let nameless = authority.issue(&[], 2, Valid::Now, Use::Client).0;
    let (served, asked) = shake(&authority.server(), &authority.trusting(Some(nameless)), "localhost").await;
    assert!(matches!(served, Err(Unwelcome::Nameless(_))), "{served:?}");
    assert!(asked.is_ok(), "it heard the server's word");
}

#[tokio::test]
async fn a_list_of_another_authority_lets_nobody_in() {
    let authority = Authority::new();
    for (name, log) in
        [("another", "has no list of the authority"), ("an authority of a test", "is not signed by")]
    {
        let stranger = Authority::called(name);
        let server = ServerFiles { revocations: Some(stranger.revoke(&[])), ..authority.server() };
        let client = authority.trusting(authority.client("gateway", 2));
        contains(&refused(&server, &client, "localhost").await.0, log);
    }
}

#[tokio::test]
async fn servers_that_are_not_who_they_should_be_are_refused() {
    let (authority, stranger) = (Authority::new(), Authority::called("another"));
    let own = authority.client("gateway", 2);
    let (OwnFiles { certificate, key }, _) = authority.issue(&["localhost"], 3, Valid::Before, Use::Server);
    let old = ServerFiles { certificate, key, ..authority.server() };
    let other = ServerFiles { client_ca: Some(authority.ca.clone()), ..stranger.server() };
    let good = authority.server();
    let cases = [
        (
            &good,
            "example.org",
            "not for the name \"example.org\"; pass the name that it is for as --server-name",
        ),
        (&good, "127.0.0.1", "--server-name"),
        (&other, "localhost", "no authority in the file of --tls-ca"),
        (&old, "localhost", "has expired"),
    ];
    for (server, name, told) in cases {
        let (server_says, client_says) = refused(server, &authority.trusting(own.clone()), name).await;
        contains(&server_says, "the client ended the handshake");
        contains(&client_says, told);
    }
}

#[tokio::test]
async fn a_plain_client_is_handed_back_and_a_silent_one_dropped() {
    let authority = Authority::new();
    let server = ServerTls::load(&authority.server()).unwrap();
    let (listener, address) = listen().await;
    let mut plain = tcp::connect(address, false).await.unwrap().stream;
    plain.write_all(b"\x01hello").await.unwrap();
    let unwelcome = server.handshake(listener.accept().await.unwrap()).await.unwrap_err();
    let Unwelcome::Plain(mut connection) = unwelcome else { panic!("{unwelcome:?}") };
    let mut heard = [0; 6];
    connection.stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"\x01hello", "not a byte is lost");
    drop(tcp::connect(address, false).await.unwrap());
    let unwelcome = server.handshake(listener.accept().await.unwrap()).await;
    assert!(matches!(unwelcome, Err(Unwelcome::Silent)), "{unwelcome:?}");
}

/// Paused time goes on when all wait, so the ten seconds take none.
#[tokio::test(start_paused = true)]
async fn a_handshake_has_a_deadline_on_both_sides() {
    let authority = Authority::new();
    let server = ServerTls::load(&authority.server()).unwrap();
    let (listener, address) = listen().await;
    let start = tokio::time::Instant::now();
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(&[22, 3, 1]).await.unwrap();
    let unwelcome = server.handshake(listener.accept().await.unwrap()).await;
    assert!(matches!(unwelcome, Err(Unwelcome::Silent)), "{unwelcome:?}");
    assert_eq!(start.elapsed().as_secs(), 10);
    let client = ClientTls::load(&authority.trusting(None), "localhost").unwrap();
    let told = client.connect(address).await.unwrap_err().to_string();
    contains(&told, "does it speak TLS?");
}

#[tokio::test]
async fn bytes_that_only_begin_as_tls_are_refused() {
    let authority = Authority::new();
    let server = ServerTls::load(&authority.server()).unwrap();
    let (listener, address) = listen().await;
    let mut seed = 1u64;
    for length in 1u8..200 {
        let noise = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 56) as u8
        });
        // A record of the handshake of the length that follows, with a hello of the client in it.
        let mut bytes = vec![22, 3, 1, 0, length + 4, 1, 0, 0, length];
        bytes.extend(noise.take(usize::from(length)));
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(&bytes).await.unwrap();
        client.shutdown().await.unwrap();
        let unwelcome = server.handshake(listener.accept().await.unwrap()).await;
        assert!(matches!(unwelcome, Err(Unwelcome::Refused(_))), "{length}: {unwelcome:?}");
    }
}

#[tokio::test]
async fn a_client_that_finds_no_tls_says_so() {
    let authority = Authority::new();
    let client = ClientTls::load(&authority.trusting(None), "localhost").unwrap();
    let (listener, address) = listen().await;
    let answer = async {
        let mut stream = listener.accept().await.unwrap().stream;
        stream.write_all(b"\x03\0\0\0\0plain words").await.unwrap();
        stream
    };
    let (told, _open) = tokio::join!(client.connect(address), answer);
    contains(&told.unwrap_err().to_string(), "does not speak TLS");
}

#[tokio::test]
async fn a_certificate_that_was_good_can_be_revoked_later() {
    let authority = Authority::new();
    let client = authority.trusting(authority.client("gateway", 7));
    let (served, _) = shake(&authority.server(), &client, "localhost").await;
    let Stream::Tls(stream) = served.unwrap().stream else { panic!("plain") };
    let shown = stream.peer_certificates().unwrap();
    for (serials, revoked) in [(&[][..], false), (&[6, 8], false), (&[6, 7], true)] {
        let revocations = Some(authority.revoke(serials));
        let reloaded = ServerTls::load(&ServerFiles { revocations, ..authority.server() }).unwrap();
        assert_eq!(reloaded.revokes(&shown), revoked, "{serials:?}");
    }
}

/// Why the files cannot be used.
fn unusable(files: &ServerFiles) -> String {
    ServerTls::load(files).map(|_| "nothing").unwrap_err().to_string()
}

#[test]
fn keys_that_others_may_read_are_refused() {
    let authority = Authority::new();
    let server = authority.server();
    for mode in [0o640, 0o604, 0o660, 0o777] {
        fs::set_permissions(&server.key, fs::Permissions::from_mode(mode)).unwrap();
        let error = unusable(&server);
        contains(&error, &format!("chmod 600 {}", server.key.display()));
        contains(&error, &format!("{mode:o}"));
    }
    fs::set_permissions(&server.key, fs::Permissions::from_mode(0o400)).unwrap();
    assert!(ServerTls::load(&server).is_ok());
    let own = authority.client("gateway", 2);
    fs::set_permissions(&own.as_ref().unwrap().key, fs::Permissions::from_mode(0o644)).unwrap();
    let loaded = ClientTls::load(&authority.trusting(own), "localhost");
    assert!(matches!(loaded, Err(FileError::Loose { mode: 0o644, .. })));
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let authority = Authority::new();
    let good = authority.server();
    let folder = Folder::new();
    let (empty, text) = (folder.write("empty", ""), folder.write("text", "-----BEGIN CERTIFICATE-----\nx\n"));
    let missing = folder.path().join("missing");
    let other = authority.client("other", 9).unwrap().key;
    let cases = [
        (ServerFiles { certificate: missing.clone(), ..good.clone() }, "missing: "),
        (ServerFiles { certificate: empty.clone(), ..good.clone() }, "a certificate as PEM text is due"),
        (ServerFiles { key: good.certificate.clone(), ..good.clone() }, "a private key as PEM text is due"),
        (ServerFiles { key: other, ..good.clone() }, "9-key.pem"),
        (ServerFiles { client_ca: Some(text.clone()), ..good.clone() }, "text: "),
        (ServerFiles { revocations: Some(empty), ..good.clone() }, "a revocation list as PEM text is due"),
        (ServerFiles { client_ca: None, revocations: Some(text), ..good.clone() }, "without a client CA"),
        (ServerFiles { certificate: "/dev/zero".into(), ..good }, "is this the right file?"),
    ];
    for (files, part) in cases {
        contains(&unusable(&files), part);
    }
    let named = ClientTls::load(&authority.trusting(None), "not a name");
    assert!(matches!(named, Err(FileError::Name(_))));
}
