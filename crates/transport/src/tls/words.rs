//! Why a handshake failed, in plain words, and what to do.
//!
//! A text never holds bytes of the peer that nothing has checked.

use std::io;

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error};

/// The error of TLS inside an error of a stream.
pub(super) fn of(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// Why the client gives up; `name` is the name that the server should have.
pub(super) fn at_the_client(error: &io::Error, name: &str) -> String {
    match of(error) {
        Some(Error::InvalidCertificate(reason)) => of_the_server(reason, name),
        Some(Error::AlertReceived(alert)) => refusal(*alert),
        Some(Error::InvalidMessage(_)) => NO_TLS.into(),
        Some(Error::PeerIncompatible(_)) => NO_VERSION.into(),
        Some(other) => format!("the server breaks the rules of TLS: {}", printable(other)),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the server hung up in the middle of the handshake; look into its log".into()
        }
        None => format!("network: {}", error.kind()),
    }
}

/// Why the server gives up, for its log.
pub(super) fn at_the_server(error: &io::Error) -> String {
    match of(error) {
        Some(Error::NoCertificatesPresented) => "the client showed no certificate".into(),
        Some(Error::InvalidCertificate(reason)) => of_the_client(reason),
        Some(Error::InvalidCertRevocationList(_)) => {
            "the list of revocations is not signed by the authority that it names, so nobody is let in".into()
        }
        Some(Error::AlertReceived(alert)) => format!("the client ended the handshake ({alert:?})"),
        Some(Error::InvalidMessage(_)) => "the client does not speak TLS".into(),
        Some(Error::PeerIncompatible(_)) => "the client does not speak TLS 1.3".into(),
        Some(other) => format!("the client breaks the rules of TLS: {}", printable(other)),
        None => format!("network: {}", error.kind()),
    }
}

const NO_TLS: &str = "what answers there does not speak TLS; check the address and the port, or ask the \
                      operator to set \
                      --tls-cert and --tls-key";
const NO_VERSION: &str = "the server does not speak TLS 1.3";

/// What is wrong with a server's certificate.
fn of_the_server(reason: &CertificateError, name: &str) -> String {
    use CertificateError as Reason;
    match reason {
        Reason::NotValidForName | Reason::NotValidForNameContext { .. } => format!(
            "the server's certificate is not for the name {name:?}; pass the name that it is for as \
             --server-name, \
             if that is the server you mean"
        ),
        Reason::UnknownIssuer | Reason::BadSignature => {
            "no authority in the file of --tls-ca has signed the server's certificate; ask its operator \
             for the right \
             file, and do not go on if you cannot explain this"
                .into()
        }
        Reason::Expired | Reason::ExpiredContext { .. } => {
            "the server's certificate has expired; tell its operator, or set the clock of this machine".into()
        }
        Reason::NotValidYet | Reason::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet; set the clock of this machine".into()
        }
        Reason::InvalidPurpose | Reason::InvalidPurposeContext { .. } => {
            "the certificate that the server shows is not made for servers".into()
        }
        other => format!("the server's certificate cannot be used ({})", kind(other)),
    }
}

/// What is wrong with a client's certificate.
fn of_the_client(reason: &CertificateError) -> String {
    use CertificateError as Reason;
    match reason {
        Reason::Revoked => "the client's certificate is revoked".into(),
        Reason::Expired | Reason::ExpiredContext { .. } => "the client's certificate has expired".into(),
        Reason::NotValidYet | Reason::NotValidYetContext { .. } => {
            "the client's certificate is not valid yet".into()
        }
        Reason::UnknownIssuer | Reason::BadSignature => {
            "no authority in the file of client-ca has signed the client's certificate".into()
        }
        Reason::UnknownRevocationStatus => {
            "the file of revocations has no list of the authority that signed the client's certificate".into()
        }
        Reason::InvalidPurpose | Reason::InvalidPurposeContext { .. } => {
            "the certificate that the client shows is not made for clients".into()
        }
        other => format!("the client's certificate cannot be used ({})", kind(other)),
    }
}

/// What a server's alert says about this client.
pub(super) fn refusal(alert: AlertDescription) -> String {
    use AlertDescription as Alert;
    match alert {
        Alert::CertificateRequired => {
            "the server asks for a certificate; pass --tls-cert and --tls-key with the files that its \
             operator gave you"
                .into()
        }
        Alert::CertificateRevoked => {
            "the server's operator has revoked the certificate of this client; ask for another".into()
        }
        Alert::CertificateExpired => {
            "the certificate of this client has expired or is not valid yet; ask the server's operator \
             for another, \
             or check the clocks"
                .into()
        }
        // The latter where another authority has the same name.
        Alert::UnknownCA | Alert::DecryptError => {
            "the server does not know the authority that signed the certificate of this client; ask its \
             operator for \
             one that it knows"
                .into()
        }
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateUnknown
        | Alert::AccessDenied => {
            format!(
                "the server refuses the certificate of this client ({alert:?}); ask its operator for \
            another"
            )
        }
        Alert::ProtocolVersion | Alert::HandshakeFailure => NO_VERSION.into(),
        other => format!("the server ended the connection ({other:?})"),
    }
}

/// The kind of an error of a certificate, without what it says of the certificate.
fn kind(reason: &CertificateError) -> String {
    let full = format!("{reason:?}");
    full.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default().into()
}

/// The library's own words, cut to what a log can hold.
fn printable(error: &Error) -> String {
    error.to_string().chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_peer_do_not_reach_a_text() {
        let error = Error::General("a\u{1b}[31m\n\u{202e}b".into());
        assert!(printable(&error).chars().all(|c| c.is_ascii_graphic() || c == ' '));
        assert_eq!(kind(&CertificateError::BadEncoding), "BadEncoding");
    }

    #[test]
    fn every_alert_about_a_certificate_says_what_to_do() {
        for alert in [
            AlertDescription::CertificateRequired,
            AlertDescription::CertificateRevoked,
            AlertDescription::CertificateExpired,
            AlertDescription::UnknownCA,
            AlertDescription::BadCertificate,
        ] {
            let text = refusal(alert);
            assert!(text.contains("ask") || text.contains("pass"), "{text}");
        }
    }
}
