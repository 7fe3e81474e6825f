//! The order of the layers: the numbered list under the heading `## Layers` of `ARCHITECTURE.md`.

/// Packages by layer, the lowest first. Packages of one layer do not use one another.
#[derive(Debug, PartialEq, Eq)]
pub struct Order {
    layers: Vec<Vec<String>>,
}

impl Order {
    /// Reads the list. Each of its lines begins with a number; the names in backticks before the
    /// first colon are the packages of that layer.
    ///
    /// # Errors
    /// When there is no such list, or a package stands in it twice.
    pub fn parse(text: &str) -> Result<Self, String> {
        let section = text.lines().skip_while(|line| line.trim() != "## Layers").skip(1);
        let section = section.take_while(|line| !line.starts_with("## "));
        let layers: Vec<Vec<String>> = section.filter_map(layer).collect();
        if layers.is_empty() {
            return Err("ARCHITECTURE.md has no numbered list under '## Layers'".into());
        }
        let mut names: Vec<&String> = layers.iter().flatten().collect();
        names.sort();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("'{}' stands twice in the list of layers", pair[0])),
            None => Ok(Self { layers }),
        }
    }

    /// How high a package stands.
    #[must_use]
    pub fn rank(&self, package: &str) -> Option<usize> {
        self.layers.iter().position(|layer| layer.iter().any(|name| name == package))
    }

    /// Every package of the list.
    pub fn packages(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().flatten().map(String::as_str)
    }
}

fn layer(line: &str) -> Option<Vec<String>> {
    let (number, rest) = line.split_once(". ")?;
    number.parse::<usize>().ok()?;
    let names = rest.split(':').next()?;
    Some(names.split('`').skip(1).step_by(2).map(String::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_read() {
        let text = "# A\n1. `no`\n## Layers\nLow to high.\n\n1. `a`: with `code`\n2. `b`, `c-d`: two\n## B\n3. `e`\n";
        let order = Order::parse(text).unwrap();
        assert_eq!(order.packages().collect::<Vec<_>>(), ["a", "b", "c-d"]);
        assert_eq!(["a", "b", "c-d", "e"].map(|name| order.rank(name)), [Some(0), Some(1), Some(1), None]);
    }

    #[test]
    fn a_missing_or_doubled_entry_is_an_error() {
        assert!(Order::parse("# A\n1. `a`\n").is_err());
        assert!(Order::parse("## Layers\n1. `a`\n2. `a`\n").is_err());
    }
}
