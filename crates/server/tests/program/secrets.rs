//! Nothing of an ECG or of its result is in the log or in the metrics.

use std::collections::BTreeSet;
use std::fs;

use deepcardio::architecture::Level;
use deepcardio::model::Model;
use deepcardio::reference;

use super::process::{Server, classify, model_file, program, root, segment};

const FILE: &str = "synthetic-af.csv";

/// What must not be told, as words.
struct Secrets {
    /// Samples, in the file and as the network sees them; scores.
    numbers: BTreeSet<String>,
    /// Classes, levels of confidence, and the name of the file.
    names: Vec<String>,
}

impl Secrets {
    fn of(model: &Model) -> Self {
        let text = fs::read_to_string(root().join("samples").join(FILE)).unwrap();
        let samples = text.lines().skip(1).filter_map(|line| Some(line.split_once(',')?.1.to_owned()));
        let ecg = segment(model, FILE);
        let scores = reference::scores(model, &ecg).unwrap();
        let scores = scores.iter().flat_map(|score| [score.to_string(), score.unsigned_abs().to_string()]);
        // A short number stands for other things, too.
        let numbers = samples.chain(scores).filter(|number| number.len() > 4).collect();
        let levels = Level::ALL.iter().map(|level| level.name().to_lowercase());
        let classes = model.architecture().classes().iter().map(|class| class.to_lowercase());
        // `low` and `other` are words of other sentences.
        let names = levels.chain(classes).filter(|name| name.len() > 5);
        let names =
            names.chain([FILE.into(), "synthetic".into(), "score=".into(), "label=".into()]).collect();
        Self { numbers, names }
    }

    /// Those that `text` tells.
    fn told_by(&self, text: &str) -> Vec<String> {
        let is_of_number = |c: char| c.is_ascii_digit() || c == '.' || c == '-';
        let words: BTreeSet<&str> = text.split(|c| !is_of_number(c)).collect();
        let numbers = self.numbers.iter().filter(|number| words.contains(number.as_str()));
        let lower = text.to_lowercase();
        numbers.chain(self.names.iter().filter(|name| lower.contains(name.as_str()))).cloned().collect()
    }
}

#[tokio::test]
async fn neither_the_log_nor_the_metrics_tell_a_sample_a_score_a_label_or_a_file() {
    let model = Model::load(&model_file()).unwrap();
    let (secrets, ecg) = (Secrets::of(&model), segment(&model, FILE));
    for format in ["text", "json"] {
        let server = Server::run(
            program()
                .args(["--reveal", "scores", "--admin", "127.0.0.1:0", "--log-format", format])
                .env("RUST_LOG", "trace"),
        );
        classify(&server.address, &ecg).await;
        let metrics = server.ask("/metrics").1;
        // What it says of the policy is no score.
        let beginning = server.beginning.clone();
        let (code, log) = server.stop();
        assert_eq!(code, Some(0), "{log}");
        assert!(log.contains("session ended") && metrics.contains("pp_server_inferences_total 1"));
        for told in [&log, &metrics, &beginning] {
            assert_eq!(secrets.told_by(told), Vec::<String>::new(), "{told}");
        }
        // What is found if it is there.
        let class = model.architecture().classes().iter().find(|class| class.len() > 5).unwrap();
        let sample = secrets.numbers.iter().next().unwrap();
        let score =
            reference::scores(&model, &ecg).unwrap().into_iter().max_by_key(|score| score.abs()).unwrap();
        for planted in [FILE, class, &format!("x={sample}"), &format!("y={score},")] {
            assert!(!secrets.told_by(&format!("{log}\n{planted}\n")).is_empty(), "{planted} is not found");
        }
    }
}
