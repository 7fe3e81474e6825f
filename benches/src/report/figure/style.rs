//! What panels and text of the figure share: colours, text styles, digits.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{BLACK, IntoFont, RGBColor, TextStyle};

use crate::report::accounts::Kind;

/// A part of the picture.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// After Okabe and Ito, so that the colour-blind tell them apart: blues linear, reds non-linear;
/// pale online.
pub(super) fn colour(kind: Kind) -> RGBColor {
    match kind {
        Kind::LinearOffline => RGBColor(0, 114, 178),
        Kind::NonlinearOffline => RGBColor(213, 94, 0),
        Kind::LinearOnline => RGBColor(86, 180, 233),
        Kind::NonlinearOnline => RGBColor(240, 180, 60),
        Kind::Session => RGBColor(165, 165, 165),
    }
}

/// Text of `size` pixels, anchored as `pos` says.
pub(super) fn text(size: u32, horizontal: HPos, vertical: VPos) -> TextStyle<'static> {
    TextStyle::from(("sans-serif", size).into_font()).color(&BLACK).pos(Pos::new(horizontal, vertical))
}

/// A number with three significant digits.
pub(super) fn digits(value: f64) -> String {
    let decimals = (2 - value.abs().max(1e-9).log10().floor() as i32).clamp(0, 6);
    format!("{value:.*}", decimals.unsigned_abs() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_significant_digits() {
        assert_eq!(
            ["7.00", "0.0812", "175", "12.3"],
            [7.0, 0.08123, 174.9, 12.34].map(digits).each_ref().map(String::as_str)
        );
    }
}
