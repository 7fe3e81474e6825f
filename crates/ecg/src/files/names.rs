//! Names of columns and signals: what they mean, and which may be repeated to the user.
//!
//! A name is repeated only if every word of it is a known term. A patient's name that stands where
//! a column's name should be is not.

use super::hints::Unit;

/// What a column or signal holds by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// An ECG.
    Ecg,
    /// Any signal, perhaps an ECG.
    Neutral,
    /// A clock.
    Time,
    /// A number of the sample.
    Counter,
    /// Something that is no ECG.
    Another,
    /// Nothing is known.
    Unknown,
}

/// A name taken apart.
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) raw: String,
    pub(super) role: Role,
    /// Unit of voltage in the name.
    pub(super) unit: Option<Unit>,
    /// Units of time in a second, if the name has a unit of time.
    pub(super) per_second: Option<f64>,
    /// The lead in its usual spelling.
    pub(super) lead: Option<&'static str>,
}

const LEADS: [&str; 22] = [
    "I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6", "MLII", "MLI", "MLIII",
    "MCL1", "MV1", "MV2", "CM5", "ML5", "D3", "D4",
];
const ECG: [&str; 7] = ["ecg", "ekg", "ecgi", "ecgii", "ecg1", "ecg2", "electrocardiogram"];
const NEUTRAL: [&str; 18] = [
    "value",
    "values",
    "voltage",
    "voltages",
    "signal",
    "amplitude",
    "data",
    "raw",
    "adc",
    "y",
    "waveform",
    "channel",
    "ch",
    "lead",
    "measurement",
    "micro",
    "milli",
    "potential",
];
const TIME: [&str; 22] = [
    "time",
    "t",
    "timestamp",
    "timestamps",
    "elapsed",
    "clock",
    "date",
    "datetime",
    "zeit",
    "uhrzeit",
    "zeitstempel",
    "tiempo",
    "temps",
    "tempo",
    "hora",
    "heure",
    "tijd",
    "tid",
    "unix",
    "unixtime",
    "epoch",
    "x",
];
const COUNTER: [&str; 14] = [
    "index", "idx", "sample", "samples", "nseq", "seq", "sequence", "counter", "count", "packet", "n", "no",
    "nr", "row",
];
const ANOTHER: [&str; 58] = [
    "quality",
    "sqi",
    "status",
    "status1",
    "status2",
    "flag",
    "flags",
    "hr",
    "bpm",
    "rr",
    "rri",
    "heart",
    "heartrate",
    "peak",
    "peaks",
    "label",
    "labels",
    "annotation",
    "annotations",
    "off",
    "leadoff",
    "event",
    "events",
    "marker",
    "beat",
    "beats",
    "resp",
    "respiration",
    "ppg",
    "pleth",
    "spo2",
    "acc",
    "accel",
    "accelerometer",
    "gyro",
    "mag",
    "temp",
    "temperature",
    "bp",
    "abp",
    "art",
    "eda",
    "gsr",
    "emg",
    "eeg",
    "eog",
    "trigger",
    "battery",
    "pulse",
    "breath",
    "co2",
    "cvp",
    "pap",
    "marks",
    "comment",
    "comments",
    "detection",
    "impedance",
];
const WORDS: [&str; 40] = [
    "sensor",
    "phone",
    "device",
    "host",
    "system",
    "ms",
    "s",
    "ns",
    "us",
    "sec",
    "min",
    "cal",
    "uncal",
    "bit",
    "shimmer",
    "formatted",
    "formattedunix",
    "polar",
    "h10",
    "filtered",
    "clean",
    "cleaned",
    "left",
    "right",
    "arm",
    "leg",
    "ll",
    "la",
    "ra",
    "rl",
    "vx",
    "of",
    "per",
    "24bit",
    "16bit",
    "rate",
    "number",
    "id",
    "i",
    "mcv",
];

/// The unit of voltage that a word stands for.
pub(super) fn voltage(word: &str) -> Option<Unit> {
    if let Ok(unit) = word.parse() {
        return Some(unit);
    }
    Some(match word {
        "mvolt" | "mvolts" | "millivolt" | "millivolts" => Unit::Millivolt,
        "mcv" | "uvolt" | "uvolts" | "microvolt" | "microvolts" => Unit::Microvolt,
        "volt" | "volts" => Unit::Volt,
        _ => return None,
    })
}

/// Units of time in a second.
pub(super) fn per_second(word: &str) -> Option<f64> {
    Some(match word {
        "s" | "sec" | "secs" | "second" | "seconds" | "sek" => 1.0,
        "ms" | "msec" | "msecs" | "millis" | "millisecond" | "milliseconds" => 1e3,
        "us" | "\u{b5}s" | "\u{3bc}s" | "usec" | "usecs" | "micros" | "microseconds" => 1e6,
        "ns" | "nsec" | "nanos" | "nanoseconds" => 1e9,
        _ => return None,
    })
}

/// The lead that `text` names, in its usual spelling: the whole text, or its last word after words
/// such as `lead` in any language.
pub(super) fn lead(text: &str) -> Option<&'static str> {
    let named = |word: &str| LEADS.iter().copied().find(|lead| lead.eq_ignore_ascii_case(word));
    let text = text.trim();
    match text.to_lowercase().as_str() {
        "la-ra" | "leadi" => return Some("I"),
        "ll-ra" | "leadii" => return Some("II"),
        "ll-la" | "leadiii" => return Some("III"),
        _ => {}
    }
    named(text).or_else(|| {
        let (word, last) = text.rsplit_once([' ', '_', '.'])?;
        // Roman numerals in any case would take English words for leads.
        let spelled = LEADS.iter().copied().find(|lead| *lead == last);
        spelled.or_else(|| named(last).filter(|_| word.eq_ignore_ascii_case("lead") || is_ecg(word)))
    })
}

fn is_ecg(word: &str) -> bool {
    ECG.iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn split(name: &str) -> Vec<String> {
    let apart = |c: char| !c.is_alphanumeric();
    name.split(apart).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// Whether a word is a term, not a person's name.
fn is_term(word: &str) -> bool {
    let plain = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let listed = |list: &[&str]| list.contains(&word) || list.contains(&plain);
    (plain.is_empty() && word.len() <= 3)
        || (plain.chars().count() == 1 && plain.len() < word.len())
        || [&ECG[..], &NEUTRAL, &TIME, &COUNTER, &ANOTHER, &WORDS].iter().any(|list| listed(list))
        || LEADS.iter().any(|lead| lead.eq_ignore_ascii_case(word))
        || voltage(word).is_some()
        || per_second(word).is_some()
}

impl Name {
    /// Takes `raw` apart.
    pub(super) fn parse(raw: &str) -> Self {
        let raw = raw.trim();
        let words = split(raw);
        let apart = raw.split([' ', '_', '(', ')', '[', ']']);
        let without_unit: Vec<&str> =
            apart.filter(|word| !word.is_empty() && voltage(&word.to_lowercase()).is_none()).collect();
        let lead = lead(&without_unit.join(" ")).or_else(|| {
            let pairs = [("la-ra", "I"), ("ll-ra", "II"), ("ll-la", "III")];
            let lower = raw.to_lowercase();
            pairs.iter().find(|(pair, _)| lower.contains(pair)).map(|(_, lead)| *lead)
        });
        Self {
            role: role(&words, lead.is_some()),
            unit: words.iter().rev().find_map(|word| voltage(word)),
            per_second: words.iter().rev().find_map(|word| per_second(word)),
            lead,
            raw: raw.chars().take(60).collect(),
        }
    }

    /// The name, if all its words are known terms.
    pub(super) fn shown(&self) -> Option<&str> {
        let words = split(&self.raw);
        let named = words.iter().any(|word| word.chars().any(char::is_alphabetic));
        (named && words.iter().all(|word| is_term(word))).then_some(&self.raw)
    }

    /// Whether the user means this name by `wanted`.
    pub(super) fn is(&self, wanted: &str) -> bool {
        let wanted = wanted.trim();
        let same = |text: &str| text.to_lowercase() == wanted.to_lowercase();
        same(&self.raw) || self.lead.is_some_and(same)
    }
}

fn role(words: &[String], is_lead: bool) -> Role {
    let any = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let numbered = |stem: &str| {
        let rest =
            |word: &String| word.strip_prefix(stem).map(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
        words.iter().any(|word| word.len() > stem.len() && rest(word) == Some(true))
    };
    if any(&ANOTHER) {
        Role::Another
    } else if any(&ECG) || numbered("ecg") || is_lead {
        Role::Ecg
    } else if any(&TIME) || (words.len() == 1 && per_second(&words[0]).is_some()) {
        Role::Time
    } else if any(&COUNTER) {
        Role::Counter
    } else if any(&NEUTRAL) || numbered("ch") || numbered("a") || words.iter().any(|w| voltage(w).is_some()) {
        Role::Neutral
    } else {
        Role::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_roles_units_and_leads() {
        let of = |raw: &str| {
            let name = Name::parse(raw);
            (name.role, name.unit, name.per_second, name.lead)
        };
        let (mv, uv) = (Some(Unit::Millivolt), Some(Unit::Microvolt));
        assert_eq!(of("ecg_mv"), (Role::Ecg, mv, None, None));
        assert_eq!(of("ECG [\u{b5}V]"), (Role::Ecg, uv, None, None));
        assert_eq!(of("MLII"), (Role::Ecg, None, None, Some("MLII")));
        assert_eq!(of("Lead I (mV)").0, Role::Ecg);
        assert_eq!(of("Ableitung I"), (Role::Ecg, None, None, Some("I")));
        assert_eq!(of("sensor timestamp [ns]"), (Role::Time, None, Some(1e9), None));
        assert_eq!(of("ecg_quality").0, Role::Another);
        assert_eq!(of("Shimmer_7DD3_ECG_LA-RA_24BIT_CAL"), (Role::Ecg, None, None, Some("I")));
        assert_eq!(of("Shimmer_7DD3_ECG_EMG_Status1_CAL").0, Role::Another);
        assert_eq!(of("nSeq").0, Role::Counter);
        assert_eq!(of("ch1").0, Role::Neutral);
        assert_eq!(of("Jane Doe").0, Role::Unknown);
    }

    #[test]
    fn only_names_of_known_words_are_repeated() {
        for shown in ["ecg_quality", "time_s", "sensor timestamp [ns]", "MLII", "ch1", "A1", "Lead aVF"] {
            assert_eq!(Name::parse(shown).shown(), Some(shown));
        }
        for hidden in ["Jane Doe", "ecg of Jane", "Shimmer_7DD3_ECG_CAL", "5 Feb", "1952-02-05", ""] {
            assert_eq!(Name::parse(hidden).shown(), None, "{hidden}");
        }
    }
}
