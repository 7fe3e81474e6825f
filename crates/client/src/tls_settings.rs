//! Settings of TLS: whom the client trusts, and who it is.

use transport::tls::client::{ClientFiles, OwnFiles};

use crate::cli::Tls;

/// How server and client prove who they are.
#[derive(Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// Certificates and key.
    pub files: ClientFiles,
    /// The name that the server's certificate must be for.
    pub name: String,
    /// Whether TLS may end at a balancer before the server.
    pub ends_at_balancer: bool,
}

/// TLS that is set up half.
#[derive(Debug, thiserror::Error)]
pub enum TlsSettingsError {
    /// Nobody is trusted.
    #[error(
        "{0} is of use with TLS alone; pass --tls-ca FILE too, with the authority that signed the server's \
         certificate"
    )]
    NoAuthority(&'static str),
    /// A certificate without its key, or the other way round.
    #[error("--tls-cert and --tls-key go together, and one is missing")]
    Half,
}

impl TlsSettings {
    /// Merges the arguments with the configuration file; `None` if neither asks for TLS. `server`
    /// is the server's address with its port.
    ///
    /// # Errors
    /// [`TlsSettingsError`] if something is missing. A client that was told anything of TLS never
    /// speaks plain TCP.
    pub fn merge(arguments: &Tls, file: Tls, server: &str) -> Result<Option<Self>, TlsSettingsError> {
        // Certificate and key are one: those of the arguments are not mixed with those of the file.
        let (certificate, key) = if arguments.tls_cert.is_some() || arguments.tls_key.is_some() {
            (arguments.tls_cert.clone(), arguments.tls_key.clone())
        } else {
            (file.tls_cert, file.tls_key)
        };
        let own = match (certificate, key) {
            (Some(certificate), Some(key)) => Some(OwnFiles { certificate, key }),
            (None, None) => None,
            _ => return Err(TlsSettingsError::Half),
        };
        let name = arguments.server_name.clone().or(file.server_name);
        let ends_at_balancer = arguments.tls_ends_at_balancer.or(file.tls_ends_at_balancer).unwrap_or(false);
        match arguments.tls_ca.clone().or(file.tls_ca) {
            Some(ca) => {
                let name = name.unwrap_or_else(|| host(server).to_owned());
                Ok(Some(Self { files: ClientFiles { ca, own }, name, ends_at_balancer }))
            }
            None if own.is_some() => Err(TlsSettingsError::NoAuthority("a certificate of this client")),
            None if name.is_some() => Err(TlsSettingsError::NoAuthority("a name of the server")),
            None if ends_at_balancer => Err(TlsSettingsError::NoAuthority("a balancer at which TLS ends")),
            None => Ok(None),
        }
    }
}

/// The host of an address with a port.
fn host(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tls(ca: &str, certificate: &str, key: &str, name: &str) -> Tls {
        let path = |text: &str| (!text.is_empty()).then(|| text.into());
        let server_name = (!name.is_empty()).then(|| name.to_owned());
        Tls {
            tls_ca: path(ca),
            tls_cert: path(certificate),
            tls_key: path(key),
            server_name,
            tls_ends_at_balancer: None,
        }
    }

    fn merged(arguments: &Tls, file: Tls) -> TlsSettings {
        TlsSettings::merge(arguments, file, "host:7464").unwrap().unwrap()
    }

    #[test]
    fn the_name_is_that_of_the_address_unless_somebody_says_another() {
        for (address, name) in
            [("a.example:1", "a.example"), ("[::1]:7464", "::1"), ("10.0.0.1:1", "10.0.0.1")]
        {
            assert_eq!(host(address), name);
        }
        let file = || tls("ca", "", "", "file.example");
        assert_eq!(merged(&Tls::default(), tls("ca", "", "", "")).name, "host");
        assert_eq!(merged(&Tls::default(), file()).name, "file.example");
        assert_eq!(merged(&tls("", "", "", "flag.example"), file()).name, "flag.example");
    }

    #[test]
    fn tls_ends_at_the_server_unless_somebody_says_otherwise() {
        let told = |told| Tls { tls_ends_at_balancer: told, ..tls("ca", "", "", "") };
        for (flag, file, ends) in [
            (None, None, false),
            (Some(true), None, true),
            (None, Some(true), true),
            (Some(false), Some(true), false),
        ] {
            assert_eq!(merged(&told(flag), told(file)).ends_at_balancer, ends);
        }
    }

    #[test]
    fn a_certificate_and_its_key_come_from_one_place() {
        let file = || tls("ca", "file.crt", "file.key", "");
        let flags = tls("", "flag.crt", "flag.key", "");
        assert_eq!(merged(&Tls::default(), file()).files.own.unwrap().key.to_str(), Some("file.key"));
        assert_eq!(merged(&flags, file()).files.own.unwrap().key.to_str(), Some("flag.key"));
        let half = TlsSettings::merge(&tls("", "flag.crt", "", ""), file(), "host:1");
        assert!(matches!(half, Err(TlsSettingsError::Half)));
    }

    #[test]
    fn who_was_told_of_tls_does_not_speak_without() {
        assert_eq!(TlsSettings::merge(&Tls::default(), Tls::default(), "host:1").unwrap(), None);
        let balancer = Tls { tls_ends_at_balancer: Some(true), ..Tls::default() };
        for flags in [tls("", "a.crt", "a.key", ""), tls("", "", "", "name"), balancer] {
            let error = TlsSettings::merge(&flags, Tls::default(), "host:1").unwrap_err();
            assert!(error.to_string().contains("--tls-ca FILE"), "{error}");
        }
    }
}
