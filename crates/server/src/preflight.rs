//! What is wrong with the files that a configuration names, found without serving.

use deepcardio::model::Model;
use transport::tcp::require_loopback;
use transport::tls::server::ServerTls;

use crate::config::Config;
use crate::expiry::Expiry;

/// All that would keep a server of this configuration from serving, one line each. Empty if
/// nothing would.
///
/// Whether the address is free is not looked at: a server that runs has it.
#[must_use]
pub fn problems(config: &Config) -> Vec<String> {
    let model = Model::load(&config.model).err();
    let listen = require_loopback(config.listen, config.may_leave_loopback()).err();
    let mut problems: Vec<String> = model
        .map(|error| format!("{}: {error}", config.model.display()))
        .into_iter()
        .chain(listen.map(|error| error.to_string()))
        .collect();
    if let Some(files) = &config.tls {
        problems.extend(ServerTls::load(files).err().map(|error| error.to_string()));
        let ended = Expiry::of(files).into_iter().filter(Expiry::has_ended);
        problems.extend(ended.map(|expiry| format!("{}: a certificate has expired", expiry.file.display())));
    }
    problems
}
