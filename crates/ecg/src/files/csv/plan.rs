//! Everything known of a table before it is read: layout, columns, scale.

use super::columns::{Chosen, Column, label};
use super::layout::Layout;
use super::opensignals::OpenSignals;
use super::preamble::Preamble;
use super::scale::Scale;
use crate::error::EcgError;
use crate::files::hints::Hints;
use crate::files::lines::Owned;
use crate::files::reading::Source;

/// Everything known before the table is read.
pub(super) struct Plan {
    pub(super) layout: Layout,
    pub(super) columns: Vec<Column>,
    pub(super) chosen: Chosen,
    pub(super) preamble: Preamble,
    pub(super) opensignals: Option<OpenSignals>,
    pub(super) scale: Scale,
    pub(super) unit_from: Source,
}

impl Plan {
    /// Makes the plan from the first lines of a file.
    pub(super) fn make(head: &[Owned], hints: &Hints) -> Result<Self, EcgError> {
        let mut layout = Layout::find(head)?;
        let opensignals = head[..layout.header].iter().find_map(|line| OpenSignals::parse(&line.text));
        let mut preamble = Preamble::read(&head[..layout.header].iter().collect::<Vec<_>>());
        if let Some(opensignals) = &opensignals {
            preamble.rate_hz = opensignals.rate_hz.or(preamble.rate_hz);
            layout.names = opensignals.names(layout.columns);
        }
        let columns = Column::all(&layout, head);
        let chosen = Chosen::among(&columns, hints.lead.as_deref())?;
        let name = &columns[chosen.signal].name;
        let stated = name.unit.or(preamble.unit);
        let scaled = opensignals.as_ref().and_then(|signals| signals.scale(chosen.signal));
        let (scale, unit_from) = match (scaled, stated, hints.unit) {
            (Some(_), _, Some(_)) => return Err(EcgError::UnitContradiction),
            (Some((scale, text)), _, None) => (scale, Source::Scale(text)),
            (None, Some(stated), Some(given)) if stated != given => return Err(EcgError::UnitContradiction),
            (None, Some(unit), _) => (Scale::of(unit), Source::File),
            (None, None, Some(unit)) => (Scale::of(unit), Source::Flag),
            (None, None, None) => {
                return Err(EcgError::UnitMissing { column: label(&columns, chosen.signal) });
            }
        };
        Ok(Self { layout, columns, chosen, preamble, opensignals, scale, unit_from })
    }

    /// The rate that the user or the lines above the table state.
    pub(super) fn stated_rate(&self, hints: &Hints) -> Option<f64> {
        hints.rate_hz.or(self.preamble.rate_hz)
    }
}
