//! Products of field elements.

use polyval::hazmat::FieldElement;

use crate::block::Block;

/// The product of two elements.
#[must_use]
pub(crate) fn times(a: Block, b: Block) -> Block {
    Block::new((FieldElement::from(a.value()) * FieldElement::from(b.value())).into())
}
