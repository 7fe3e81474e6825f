//! Settings, from wherever they come: what is wrong is found before the model is read.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Output;

use super::process::{model_file, program, text};

/// A folder of this test's own, gone when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("server-settings-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The system clears what is left.
        let _left = fs::remove_dir_all(&self.0);
    }
}

fn check(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let variables = variables.iter().copied();
    program().args(["config", "check"]).args(arguments).envs(variables).output().unwrap()
}

#[test]
fn config_check_prints_what_would_hold() {
    let folder = Folder::new("holds");
    fs::copy(model_file(), folder.0.join("model.bin")).unwrap();
    let file = folder.write(
        "pp-server.toml",
        "model = \"model.bin\"\nmax-sessions = 3\nstep-timeout = 5\ninsecure = true\n",
    );
    let flags = ["--config", file.to_str().unwrap(), "--step-timeout", "7"];
    let checked = check(&flags, &[("PP_SERVER_MAX_SESSIONS", "4"), ("PP_SERVER_INSECURE", "false")]);
    assert_eq!(checked.status.code(), Some(0), "{}", text(&checked.stderr));
    let shown = text(&checked.stdout);
    for line in ["max-sessions = 4", "step-timeout = 7", "insecure = false", "sessions-per-client = 2"] {
        assert!(shown.lines().any(|shown| shown == line), "{line} is missing: {shown}");
    }
    let model = format!("model = \"{}\"", folder.0.join("model.bin").display());
    assert!(shown.contains(&model), "a path is meant from the file's folder: {shown}");
}

#[test]
fn config_check_names_every_problem() {
    let folder = Folder::new("problems");
    let (certificate, key) = (folder.0.join("no.crt"), folder.0.join("no.key"));
    let flags = ["--model", "no.bin", "--tls-cert", certificate.to_str().unwrap()];
    let flags = [&flags[..], &["--tls-key", key.to_str().unwrap()]].concat();
    let checked = check(&flags, &[("PP_SERVER_MAX_SESSION", "4")]);
    assert_eq!(checked.status.code(), Some(1));
    let said = text(&checked.stderr);
    for problem in ["no.bin: ", "no.crt", "PP_SERVER_MAX_SESSION is set", "problems found: 3"] {
        assert!(said.contains(problem), "{problem} is missing: {said}");
    }
    let model = model_file();
    let exposed = check(&["--model", model.to_str().unwrap(), "--listen", "0.0.0.0:7464"], &[]);
    assert_eq!(exposed.status.code(), Some(1));
    assert!(text(&exposed.stderr).contains("--insecure"), "{}", text(&exposed.stderr));
}

/// Each start names a model that is not there, so an error about another setting came first.
#[test]
fn settings_are_checked_before_the_model_is_read() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = |flags: &[&str]| -> String {
        let output = program().args(["--model", "no.bin"]).args(flags).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        text(&output.stderr)
    };
    for (flags, said) in [
        (["--listen", &address], format!("cannot listen on {address}")),
        (["--threads", "5000"], "threads must be 1 to 1024, and is 5000".into()),
        (["--max-sessions", "5000"], "max-sessions must be 1 to 4096, and is 5000".into()),
        (["--session-timeout", "0"], "session-timeout must be 1 to 31536000, and is 0".into()),
    ] {
        assert!(refused(&flags).contains(&said), "{}", refused(&flags));
    }
    let named = refused(&["--listen", "127.0.0.1:0"]);
    assert!(named.contains("pp-server: no.bin: "), "the file is named: {named}");
}

#[test]
fn variables_that_are_no_settings_are_named() {
    let start = |name: &str| {
        let output = program().args(["--model", "no.bin", "--listen", "127.0.0.1:0"]).env(name, "1").output();
        text(&output.unwrap().stderr)
    };
    let named = "WARN pp_server: PP_SERVER_THREAD is set, and is no setting of this program";
    assert!(start("PP_SERVER_THREAD").contains(named), "{}", start("PP_SERVER_THREAD"));
    assert!(!start("PP_SERVER_THREADS").contains("no setting"), "a setting is none of these");
}

/// The configuration file may switch on what a variable switches off.
#[test]
fn a_variable_switches_off_what_the_file_switches_on() {
    let folder = Folder::new("off");
    let listen = "model = \"no.bin\"\nlisten = \"0.0.0.0:0\"\ninsecure = true\nstate = \"state\"\n";
    let file = folder.write("pp-server.toml", listen);
    let start = |insecure: Option<&str>| {
        let mut command = program();
        command.arg("--config").arg(&file);
        if let Some(insecure) = insecure {
            command.env("PP_SERVER_INSECURE", insecure);
        }
        text(&command.output().unwrap().stderr)
    };
    assert!(start(None).contains("INSECURE"), "{}", start(None));
    for off in ["false", "0", "no"] {
        assert!(start(Some(off)).contains("0.0.0.0:0 is not on this machine"), "{}", start(Some(off)));
    }
}
