//! Settings of TLS, whole or not at all.

use std::path::PathBuf;

use transport::tls::server::ServerFiles;

/// Certificate, key, authorities of clients, and lists: what there is of TLS.
///
/// # Errors
/// The setting that is of no use, because certificate or key is missing.
pub(super) fn files(
    [certificate, key, client_ca, revocations]: [Option<PathBuf>; 4],
) -> Result<Option<ServerFiles>, &'static str> {
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some(ServerFiles { certificate, key, client_ca, revocations })),
        (Some(_), None) => Err("tls-cert"),
        (None, Some(_)) => Err("tls-key"),
        (None, None) if client_ca.is_some() => Err("client-ca"),
        (None, None) if revocations.is_some() => Err("revocations"),
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_set_up_whole_or_not_at_all() {
        let given = |which: [bool; 4]| which.map(|given| given.then(|| PathBuf::from("file")));
        assert!(files(given([true, true, false, false])).unwrap().is_some());
        assert!(files(given([true; 4])).unwrap().unwrap().revocations.is_some());
        assert_eq!(files(given([false; 4])), Ok(None));
        for (which, useless) in [
            ([true, false, true, true], "tls-cert"),
            ([false, true, true, true], "tls-key"),
            ([false, false, true, true], "client-ca"),
            ([false, false, false, true], "revocations"),
        ] {
            assert_eq!(files(given(which)), Err(useless));
        }
    }
}
