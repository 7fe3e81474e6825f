//! JSON with long lists of numbers held as numbers, and everything else small.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

use crate::files::samples::push_wiping;
use crate::limits::MAX_SAMPLES;

/// Values other than numbers in lists that a file may have.
const MAX_NODES: usize = 20_000_000;
/// Bytes that are kept of a text.
const MAX_TEXT: usize = 64;

/// A value.
pub(super) enum Node {
    /// Nothing of interest.
    Other,
    /// A missing number.
    Null,
    Number(f64),
    Text(Zeroizing<String>),
    /// A list of numbers; NaN where one is null.
    Numbers(Zeroizing<Vec<f64>>),
    /// A list of pairs of numbers.
    Pairs(Zeroizing<Vec<f64>>, Zeroizing<Vec<f64>>),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// What a list has been so far.
enum Gathered {
    Nothing,
    Numbers(Zeroizing<Vec<f64>>),
    Pairs(Zeroizing<Vec<f64>>, Zeroizing<Vec<f64>>),
    List(Vec<Node>),
}

/// Counts the values read.
#[derive(Clone, Copy)]
pub(super) struct Seed<'a>(&'a Cell<usize>);

impl Node {
    /// Reads one document.
    pub(super) fn parse(bytes: &[u8]) -> serde_json::Result<Self> {
        let count = Cell::new(0);
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        let node = Seed(&count).deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(node)
    }
}

impl Gathered {
    /// Adds an element. False if the list is of no kind of interest.
    fn push(&mut self, node: Node) -> bool {
        match (&mut *self, node) {
            (Self::Nothing, Node::Number(value)) => {
                let mut values = Zeroizing::new(Vec::new());
                push_wiping(&mut values, value);
                *self = Self::Numbers(values);
            }
            (Self::Numbers(values), Node::Number(value)) => push_wiping(values, value),
            (Self::Numbers(values), Node::Null) => push_wiping(values, f64::NAN),
            (Self::Nothing, Node::Numbers(pair)) if pair.len() == 2 => {
                let mut gathered = (Zeroizing::new(Vec::new()), Zeroizing::new(Vec::new()));
                push_wiping(&mut gathered.0, pair[0]);
                push_wiping(&mut gathered.1, pair[1]);
                *self = Self::Pairs(gathered.0, gathered.1);
            }
            (Self::Pairs(first, second), Node::Numbers(pair)) if pair.len() == 2 => {
                push_wiping(first, pair[0]);
                push_wiping(second, pair[1]);
            }
            (Self::Nothing, node @ (Node::Map(_) | Node::List(_))) => *self = Self::List(vec![node]),
            (Self::List(list), node @ (Node::Map(_) | Node::List(_))) => list.push(node),
            _ => return false,
        }
        true
    }

    fn len(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Numbers(values) | Self::Pairs(values, _) => values.len(),
            Self::List(list) => list.len(),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value as f64))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value as f64))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Number(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node, E> {
        let short = text.len() <= MAX_TEXT;
        Ok(if short { Node::Text(Zeroizing::new(text.to_owned())) } else { Node::Other })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut gathered = Gathered::Nothing;
        while let Some(node) = access.next_element_seed(self)? {
            if gathered.len() == MAX_SAMPLES {
                return Err(A::Error::custom("too long"));
            }
            if !gathered.push(node) {
                while access.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(Node::Other);
            }
        }
        Ok(match gathered {
            Gathered::Nothing => Node::Other,
            Gathered::Numbers(values) => Node::Numbers(values),
            Gathered::Pairs(first, second) => Node::Pairs(first, second),
            Gathered::List(list) => Node::List(list),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = access.next_key::<String>()? {
            self.0.set(self.0.get() + 1);
            if self.0.get() > MAX_NODES {
                return Err(A::Error::custom("too long"));
            }
            let value = access.next_value_seed(self)?;
            map.push((key.chars().take(MAX_TEXT).collect(), value));
        }
        Ok(Node::Map(map))
    }
}
