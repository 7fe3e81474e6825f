//! The check of the names that a peer sends and a user reads.

use super::error::ArchitectureError;
use super::limits;

/// Checks the name of an architecture and those of its classes, which must differ.
pub(super) fn validate(architecture: &str, classes: &[String]) -> Result<(), ArchitectureError> {
    if !is_printable(architecture) {
        return Err(ArchitectureError::Name { what: "the architecture's name" });
    }
    let unique = classes.iter().enumerate().all(|(i, class)| !classes.iter().take(i).any(|c| c == class));
    let count = (1..=limits::CLASSES).contains(&classes.len());
    if !count || !unique || !classes.iter().all(|class| is_printable(class)) {
        return Err(ArchitectureError::Name { what: "a class name" });
    }
    Ok(())
}

/// Whether a name shows as what it is: printable ASCII, not only blanks.
///
/// Other characters can turn the text around them, hide in it or look like another name.
fn is_printable(name: &str) -> bool {
    let ascii = name.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    ascii && !name.trim().is_empty() && name.len() <= limits::NAME
}

#[cfg(test)]
mod tests {
    use super::validate;

    #[test]
    fn only_printable_ascii_is_a_name() {
        let long = "x".repeat(65);
        let refused = [
            "",
            "  ",
            "a\n",
            "\u{1b}[31mred",
            "\u{7f}",
            "vorhofflimmern \u{202e}lamron",
            "\u{2066}af",
            "a\u{200b}f",
            "\u{430}f",
            "\u{e4}",
            &long,
        ];
        for name in refused {
            assert!(validate(name, &["af".to_owned()]).is_err(), "{name:?}");
            assert!(validate("network", &[name.to_owned()]).is_err(), "{name:?}");
        }
        assert!(validate("deepcardio-6 (v1.2)", &["normal".to_owned(), "other ~ noise".to_owned()]).is_ok());
    }
}
