//! What a silent extension made, before and after its check: two types, so that nothing is used
//! before.

use crate::error::OtError;

/// What was made of OTs that are not checked yet.
///
/// Only a [`Checked`] that came later gives it out.
#[must_use]
pub struct Unchecked<T> {
    made: T,
    /// Position in the stream of all parts where the check must have reached.
    position: u64,
}

/// The leave to use what an extension made before a check that has passed.
pub struct Checked {
    position: u64,
}

impl<T> Unchecked<T> {
    pub(super) fn new(made: T, position: u64) -> Self {
        Self { made, position }
    }

    /// Something that was made of no OT yet, for [`Unchecked::extend`].
    pub fn nothing(made: T) -> Self {
        Self::new(made, 0)
    }

    /// Adds what `make` makes of further OTs. `make` and `add` must let nothing out but by this.
    ///
    /// # Errors
    /// That of `make` or of `add`.
    pub fn extend<R, E>(
        mut self,
        make: impl FnOnce(&T) -> Result<Unchecked<R>, E>,
        add: impl FnOnce(&mut T, R) -> Result<(), E>,
    ) -> Result<Self, E> {
        let more = make(&self.made)?;
        add(&mut self.made, more.made)?;
        self.position = self.position.max(more.position);
        Ok(self)
    }

    /// Gives it out.
    ///
    /// # Errors
    /// [`OtError::Unchecked`] if it was made after the check.
    pub fn accept(self, checked: &Checked) -> Result<T, OtError> {
        if self.position <= checked.position { Ok(self.made) } else { Err(OtError::Unchecked) }
    }

    /// Gives it out without a check: what an attack finds where there is none.
    #[cfg(test)]
    pub(super) fn regardless(self) -> T {
        self.made
    }
}

impl Checked {
    pub(super) fn up_to(position: u64) -> Self {
        Self { position }
    }
}
