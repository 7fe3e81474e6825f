//! What a run ran on: processor, threads, AES implementation, commit.

use std::process::Command;
use std::{env, fs, thread};

use serde::Serialize;

/// What is printed beside every result.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// Processor model.
    pub cpu: String,
    /// Logical cores.
    pub cores: usize,
    /// Threads that both parties share for computing.
    pub threads: usize,
    /// The AES implementation chosen at run time.
    pub aes: &'static str,
    /// Operating system and architecture.
    pub system: String,
    /// Processes that wanted to run, averaged over the minute before: a busy machine shows here.
    pub load: Option<f64>,
    /// The commit, `+` if files were changed.
    pub commit: String,
}

impl Machine {
    /// Looks at this machine. What cannot be found out is said to be unknown.
    #[must_use]
    pub fn look() -> Self {
        Self {
            cpu: cpu_model().unwrap_or_else(|| "unknown processor".into()),
            cores: thread::available_parallelism().map_or(1, Into::into),
            threads: rayon::current_num_threads(),
            aes: oblivious_transfer::aes::backend_name(),
            system: format!("{} {}", env::consts::OS, env::consts::ARCH),
            load: load(),
            commit: commit().unwrap_or_else(|| "unknown commit".into()),
        }
    }

    /// One line for captions.
    #[must_use]
    pub fn line(&self) -> String {
        let load = self.load.map_or(String::new(), |load| format!(", load {load:.1} before the run"));
        format!(
            "{}, {} cores, {} threads for both parties, {}, AES {}{load}, commit {}",
            self.cpu, self.cores, self.threads, self.system, self.aes, self.commit
        )
    }
}

fn cpu_model() -> Option<String> {
    let info = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = info.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

fn commit() -> Option<String> {
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changed = !git(&["status", "--porcelain"])?.is_empty();
    Some(if changed { format!("{commit}+") } else { commit })
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
