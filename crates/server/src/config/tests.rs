//! What holds when flags, environment and file say something, and when they say nothing.

use protocol::method::Reveal;

use super::*;

fn parse(text: &str) -> Result<File, toml::de::Error> {
    toml::from_str(text)
}

#[test]
fn the_template_is_a_valid_file_with_the_defaults() {
    let uncommented: String =
        TEMPLATE.lines().map(|line| line.strip_prefix("#: ").unwrap_or(line).to_owned() + "\n").collect();
    let file = parse(&uncommented).unwrap();
    let defaults = Config::load(Flags { model: Some("m".into()), ..Flags::default() }).unwrap();
    assert_eq!(file.listen, Some(defaults.listen));
    assert_eq!(file.max_sessions, Some(defaults.max_sessions));
    assert_eq!(file.prepared_per_session, Some(defaults.prepared_per_session));
    assert_eq!(file.reveal, Some(defaults.reveal));
    assert_eq!(file.step_timeout.map(Duration::from_secs), Some(defaults.step_timeout));
    assert_eq!(file.idle_timeout.map(Duration::from_secs), Some(defaults.idle_timeout));
    assert_eq!(file.insecure, defaults.insecure);
}

#[test]
fn an_unknown_key_is_an_error_that_names_its_line() {
    let error = parse("listen = \"127.0.0.1:1\"\nmax-session = 3\n").unwrap_err().to_string();
    assert!(error.contains("line 2") && error.contains("max-session"), "{error}");
}

#[test]
fn scores_are_revealed_where_that_is_asked_for_and_nowhere_else() {
    let load = |reveal| Config::load(Flags { model: Some("m".into()), reveal, ..Flags::default() });
    assert_eq!(load(None).unwrap().reveal, RevealPolicy::Label);
    for policy in [RevealPolicy::Label, RevealPolicy::RecordLabel, RevealPolicy::Scores] {
        assert_eq!(load(Some(policy)).unwrap().reveal, policy);
        // A flag, the environment and the file name it alike.
        let name = Reveal::from(policy).to_string();
        assert_eq!(RevealPolicy::from_str(&name, false), Ok(policy));
        assert_eq!(parse(&format!("reveal = \"{name}\"")).unwrap().reveal, Some(policy));
    }
}

#[test]
fn numbers_out_of_range_and_missing_models_are_refused() {
    assert!(matches!(Config::load(Flags::default()), Err(ConfigError::NoModel)));
    let model = || Flags { model: Some("m".into()), ..Flags::default() };
    let many = Config::load(Flags { threads: Some(5000), ..model() }).unwrap_err();
    assert_eq!(many.to_string(), "threads must be 1 to 1024, and is 5000");
    let none = Config::load(Flags { backends: Some(Vec::new()), ..model() }).unwrap_err();
    assert!(matches!(none, ConfigError::NoBackend));
    assert_eq!(
        Config::load(Flags { max_sessions: Some(0), ..model() }).unwrap_err().to_string(),
        "max-sessions must be 1 to 4096, and is 0"
    );
}

#[test]
fn paths_in_the_file_are_meant_from_its_folder() {
    let folder = std::env::temp_dir().join(format!("server-config-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("pp-server.toml");
    std::fs::write(&file, "model = \"m.bin\"\ntls-cert = \"a.crt\"\ntls-key = \"/etc/a.key\"\n").unwrap();
    let flags = || Flags { config: Some(file.clone()), ..Flags::default() };
    let of_file = Config::load(flags()).unwrap();
    let of_flag = Config::load(Flags { model: Some("m.bin".into()), ..flags() }).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(of_file.model, folder.join("m.bin"));
    assert_eq!(of_flag.model, Path::new("m.bin"));
    let tls = of_file.tls.unwrap();
    assert_eq!((tls.certificate, tls.key), (folder.join("a.crt"), "/etc/a.key".into()));
}

#[test]
fn what_is_shown_is_a_file_that_says_the_same() {
    let flags = Flags {
        model: Some("m.bin".into()),
        memory_mb: Some(3000),
        backends: Some(vec![BackendName::Ot]),
        insecure: Some(true),
        tls_cert: Some("a.crt".into()),
        tls_key: Some("a.key".into()),
        ..Flags::default()
    };
    let config = Config::load(flags).unwrap();
    let shown = config.to_toml().unwrap();
    let path = std::env::temp_dir().join(format!("server-shown-{}.toml", std::process::id()));
    std::fs::write(&path, &shown).unwrap();
    let read = File::read(Some(&path)).unwrap();
    std::fs::remove_file(&path).unwrap();
    let folder = path.parent().unwrap();
    assert_eq!(
        read.model,
        Some(folder.join("m.bin")),
        "a path that is not whole is meant from the file's folder"
    );
    assert_eq!(toml::from_str::<File>(&shown).unwrap(), File::from(&config));
}

#[test]
fn a_flag_or_a_variable_switches_off_what_the_file_switches_on() {
    let path = std::env::temp_dir().join(format!("server-off-{}.toml", std::process::id()));
    std::fs::write(&path, "model = \"m.bin\"\ninsecure = true\n").unwrap();
    let insecure = |insecure| {
        Config::load(Flags { config: Some(path.clone()), insecure, ..Flags::default() }).unwrap().insecure
    };
    assert_eq!([None, Some(true), Some(false)].map(insecure), [true, true, false]);
    std::fs::remove_file(&path).unwrap();
}
