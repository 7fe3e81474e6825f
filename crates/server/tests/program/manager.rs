//! What a service manager hears (`sd_notify`), on a real socket.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use super::process::{Server, program};

struct Manager {
    socket: UnixDatagram,
    path: std::path::PathBuf,
}

impl Manager {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("server-manager-{}-{name}", std::process::id()));
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self { socket, path }
    }

    /// The next message that is not that the server lives.
    fn hears(&self) -> String {
        loop {
            let message = self.next();
            if message != "WATCHDOG=1" {
                return message;
            }
        }
    }

    fn next(&self) -> String {
        let mut message = [0; 512];
        let length = self.socket.recv(&mut message).unwrap();
        String::from_utf8_lossy(&message[..length]).trim_end().to_owned()
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        // The system clears what is left.
        let _left = std::fs::remove_file(&self.path);
    }
}

#[test]
fn it_hears_of_start_reload_and_stop_and_that_the_server_lives() {
    let manager = Manager::new("all");
    let server = Server::run(program().env("NOTIFY_SOCKET", &manager.path).env("WATCHDOG_USEC", "300000"));
    assert_eq!(manager.hears(), "READY=1");
    assert_eq!([manager.next(), manager.next()], ["WATCHDOG=1", "WATCHDOG=1"]);
    server.signal("HUP");
    let reloading = manager.hears();
    assert!(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{reloading}");
    assert_eq!(manager.hears(), "READY=1");
    server.signal("TERM");
    assert_eq!(manager.hears(), "STOPPING=1");
    assert_eq!(server.ended().0, Some(0));
}

#[test]
fn without_a_watchdog_it_does_not_say_that_it_lives() {
    let manager = Manager::new("no-watchdog");
    let server = Server::run(program().env("NOTIFY_SOCKET", &manager.path));
    assert_eq!(manager.next(), "READY=1");
    std::thread::sleep(Duration::from_millis(500));
    server.signal("TERM");
    assert_eq!(manager.next(), "STOPPING=1");
}
