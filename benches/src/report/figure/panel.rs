//! The two kinds of panel: stacked bars per layer, and totals on a logarithmic axis.

use plotters::chart::{ChartBuilder, LabelAreaPosition};
use plotters::coord::combinators::IntoLogRange;
use plotters::element::{EmptyElement, Rectangle, Text};
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{BLACK, Color, RGBColor};

use super::style::{Area, colour, digits, text};
use crate::Result;
use crate::report::accounts::Kind;

/// Empty part of a column on either side of its bar.
const GAP: f64 = 0.16;

/// A number at an axis, without zeros at its end.
fn tick(value: &f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A bar per layer, stacked by kind.
pub(super) struct Stacks {
    pub(super) title: String,
    pub(super) unit: &'static str,
    /// Name and heights, in the order of [`Kind::ALL`].
    pub(super) columns: Vec<(String, [f64; Kind::ALL.len()])>,
}

impl Stacks {
    /// The height of the highest bar.
    pub(super) fn highest(&self) -> f64 {
        self.columns.iter().map(|(_, values)| values.iter().sum()).fold(0.0, f64::max)
    }

    pub(super) fn draw(&self, area: &Area<'_>, highest: f64) -> Result<()> {
        let columns = self.columns.len() as f64;
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .caption(&self.title, text(19, HPos::Left, VPos::Top))
            .set_label_area_size(LabelAreaPosition::Left, 78)
            .set_label_area_size(LabelAreaPosition::Bottom, 50)
            .build_cartesian_2d(0.0..columns, 0.0..highest.max(1e-9) * 1.12)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_labels(0)
            .y_labels(8)
            .y_desc(self.unit)
            .x_desc("layer")
            .axis_desc_style(text(15, HPos::Left, VPos::Top))
            .y_label_style(text(14, HPos::Left, VPos::Top))
            .y_label_formatter(&tick)
            .light_line_style(BLACK.mix(0.04))
            .draw()?;
        for (place, (name, values)) in self.columns.iter().enumerate() {
            let left = place as f64;
            let mut bottom = 0.0;
            let boxes = Kind::ALL.iter().zip(values).map(|(&kind, value)| {
                let corners = [(left + GAP, bottom), (left + 1.0 - GAP, bottom + value)];
                bottom += value;
                Rectangle::new(corners, colour(kind).filled())
            });
            chart.draw_series(boxes.collect::<Vec<_>>())?;
            let total: f64 = values.iter().sum();
            chart.draw_series([EmptyElement::at((left + 0.5, total))
                + Text::new(digits(total), (0, -4), text(14, HPos::Center, VPos::Bottom))])?;
            chart.draw_series([EmptyElement::at((left + 0.5, 0.0))
                + Text::new(name.clone(), (0, 6), text(15, HPos::Center, VPos::Top))])?;
        }
        Ok(())
    }
}

/// One total.
pub(super) struct Bar {
    /// Two lines below the bar.
    pub(super) names: [String; 2],
    pub(super) value: f64,
    /// Two lines above it.
    pub(super) labels: [String; 2],
    pub(super) colour: RGBColor,
}

/// Totals of everything that is compared.
pub(super) struct Totals {
    pub(super) title: &'static str,
    pub(super) unit: &'static str,
    pub(super) below: &'static str,
    pub(super) bars: Vec<Bar>,
}

impl Totals {
    pub(super) fn draw(&self, area: &Area<'_>) -> Result<()> {
        let (least, greatest) = self.bounds();
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .caption(self.title, text(19, HPos::Left, VPos::Top))
            .set_label_area_size(LabelAreaPosition::Left, 78)
            .set_label_area_size(LabelAreaPosition::Bottom, 66)
            .build_cartesian_2d(0.0..self.bars.len() as f64, (least..greatest).log_scale())?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_labels(0)
            .y_desc(self.unit)
            .x_desc(self.below)
            .axis_desc_style(text(14, HPos::Left, VPos::Top))
            .y_label_style(text(14, HPos::Left, VPos::Top))
            .y_label_formatter(&tick)
            .light_line_style(BLACK.mix(0.04))
            .draw()?;
        for (place, bar) in self.bars.iter().enumerate() {
            let (left, value) = (place as f64, bar.value.max(least));
            let corners = [(left + GAP, least), (left + 1.0 - GAP, value)];
            chart.draw_series([Rectangle::new(corners, bar.colour.filled())])?;
            for (label, y) in bar.labels.iter().zip([-20, -4]) {
                chart.draw_series([EmptyElement::at((left + 0.5, value))
                    + Text::new(label.clone(), (0, y), text(14, HPos::Center, VPos::Bottom))])?;
            }
            for (name, y) in bar.names.iter().zip([6, 23]) {
                chart.draw_series([EmptyElement::at((left + 0.5, least))
                    + Text::new(name.clone(), (0, y), text(13, HPos::Center, VPos::Top))])?;
            }
        }
        Ok(())
    }

    /// Powers of ten around the values, with room for labels.
    fn bounds(&self) -> (f64, f64) {
        let values = self.bars.iter().map(|bar| bar.value.max(1e-6));
        let (least, greatest) = values.fold((f64::MAX, f64::MIN), |(l, g), v| (l.min(v), g.max(v)));
        (10f64.powf((least / 2.0).log10().floor()), 10f64.powf((greatest * 3.0).log10().ceil()))
    }
}
