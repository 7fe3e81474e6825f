//! What a client may have.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::policy::RevealPolicy;

/// A number that may not be exceeded, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// So many.
    Most(u32),
    /// As many as one likes.
    Unlimited,
}

/// What a client may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Limits {
    /// Answers of an hour of the clock: labels of segments, score vectors, labels of records.
    pub inferences_per_hour: Bound,
    /// Answers of 24 hours.
    pub inferences_per_day: Bound,
    /// Preparations of 24 hours.
    pub preparations_per_day: Bound,
    /// What an answer tells; `None` for what every client is told.
    pub reveal: Option<RevealPolicy>,
}

/// What is different for one client. What it leaves out is as for every client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Exception {
    /// Instead of [`Limits::inferences_per_hour`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inferences_per_hour: Option<Bound>,
    /// Instead of [`Limits::inferences_per_day`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inferences_per_day: Option<Bound>,
    /// Instead of [`Limits::preparations_per_day`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preparations_per_day: Option<Bound>,
    /// Instead of what every client is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reveal: Option<RevealPolicy>,
}

impl Limits {
    /// One inference every 30 seconds, and a quarter more preparations, for those that come to
    /// nothing.
    pub const DEFAULT: Self = Self {
        inferences_per_hour: Bound::Unlimited,
        inferences_per_day: Bound::Most(2880),
        preparations_per_day: Bound::Most(3600),
        reveal: None,
    };

    /// The limits of a client with an exception.
    #[must_use]
    pub fn with(self, exception: &Exception) -> Self {
        Self {
            inferences_per_hour: exception.inferences_per_hour.unwrap_or(self.inferences_per_hour),
            inferences_per_day: exception.inferences_per_day.unwrap_or(self.inferences_per_day),
            preparations_per_day: exception.preparations_per_day.unwrap_or(self.preparations_per_day),
            reveal: exception.reveal.or(self.reveal),
        }
    }
}

impl Exception {
    /// This exception, changed by what `newer` holds.
    #[must_use]
    pub fn changed_by(self, newer: &Self) -> Self {
        Self {
            inferences_per_hour: newer.inferences_per_hour.or(self.inferences_per_hour),
            inferences_per_day: newer.inferences_per_day.or(self.inferences_per_day),
            preparations_per_day: newer.preparations_per_day.or(self.preparations_per_day),
            reveal: newer.reveal.or(self.reveal),
        }
    }
}

impl Bound {
    /// The number, if there is one.
    #[must_use]
    pub fn number(self) -> Option<u32> {
        match self {
            Self::Most(most) => Some(most),
            Self::Unlimited => None,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Most(most) => f.pad(&most.to_string()),
            Self::Unlimited => f.pad("unlimited"),
        }
    }
}

impl FromStr for Bound {
    type Err = &'static str;

    /// Reads a whole number, or `unlimited`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "unlimited" => Ok(Self::Unlimited),
            _ => text.parse().map(Self::Most).map_err(|_| "a whole number or `unlimited` is expected"),
        }
    }
}

impl Serialize for Bound {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Most(most) => serializer.serialize_u32(*most),
            Self::Unlimited => serializer.serialize_str("unlimited"),
        }
    }
}

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BoundVisitor)
    }
}

struct BoundVisitor;

impl Visitor<'_> for BoundVisitor {
    type Value = Bound;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number or \"unlimited\"")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Bound, E> {
        u32::try_from(number).map(Bound::Most).map_err(|_| E::custom("the number is too large"))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Bound, E> {
        u32::try_from(number).map(Bound::Most).map_err(|_| E::custom("the number is not within 0 to 2^32"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Bound, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_changes_what_it_names() {
        let exception = Exception { inferences_per_day: Some(Bound::Unlimited), ..Exception::default() };
        let limits = Limits::DEFAULT.with(&exception);
        assert_eq!(limits, Limits { inferences_per_day: Bound::Unlimited, ..Limits::DEFAULT });
        let newer = Exception { reveal: Some(RevealPolicy::Scores), ..Exception::default() };
        let limits = Limits::DEFAULT.with(&exception.changed_by(&newer));
        assert_eq!((limits.inferences_per_day, limits.reveal), (Bound::Unlimited, newer.reveal));
    }

    #[test]
    fn a_bound_is_written_and_read_alike() {
        for bound in [Bound::Most(0), Bound::Most(2880), Bound::Unlimited] {
            assert_eq!(bound.to_string().parse(), Ok(bound));
            let exception = Exception { inferences_per_hour: Some(bound), ..Exception::default() };
            let text = serde_json::to_string(&exception).unwrap();
            assert_eq!(serde_json::from_str::<Exception>(&text).unwrap(), exception);
        }
        for bad in ["", "many", "-1", "4294967296"] {
            assert!(bad.parse::<Bound>().is_err(), "{bad}");
        }
        for bad in ["{\"inferences-per-day\":-1}", "{\"inferences-per-day\":4294967296}"] {
            assert!(serde_json::from_str::<Exception>(bad).is_err(), "{bad}");
        }
    }
}
