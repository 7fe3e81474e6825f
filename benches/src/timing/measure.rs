//! The clock, and the runs of one subject.

use std::hint::black_box;
use std::time::{Duration, Instant};

use rand_core::Rng;

use super::class::Class;
use super::statistics::{Timing, Verdict, judge};
use crate::Result;
use crate::dealt::rng;

/// Runs that are enough for a subject.
pub const ENOUGH: usize = 1_000_000;
/// Runs that every subject gets, however long they take: enough for a verdict.
pub const AT_LEAST: usize = 60;
/// Runs that are not counted: memory and predictors settle.
const WARM_UP: u32 = 6;

/// One primitive with a secret of two settings.
pub struct Subject {
    /// What is run.
    pub name: &'static str,
    /// The two settings.
    pub classes: &'static str,
    /// Makes the input of a class ready, then times one run; nanoseconds.
    pub run: Box<dyn FnMut(Class) -> Result<u64>>,
}

impl Subject {
    /// A subject that works on `context`: `prepare` makes the input of a class ready, and `run` is
    /// timed.
    pub fn new<C: 'static, I, O>(
        [name, classes]: [&'static str; 2],
        mut context: C,
        prepare: impl Fn(&mut C, Class) -> Result<I> + 'static,
        run: impl Fn(&mut C, I) -> Result<O> + 'static,
    ) -> Self {
        let run = move |class| {
            let input = black_box(prepare(&mut context, class)?);
            let begin = Instant::now();
            let output = black_box(run(&mut context, input));
            let elapsed = begin.elapsed();
            // Dropped after the clock has stopped: wiping memory is not what is asked about.
            drop(output?);
            Ok(u64::try_from(elapsed.as_nanos())?)
        };
        Self { name, classes, run: Box::new(run) }
    }

    /// Times runs of both classes until they are [`ENOUGH`], or the time is up and they are
    /// [`AT_LEAST`]. They come in pairs of one run of each class, whose order chance decides.
    ///
    /// # Errors
    /// If a run fails.
    pub fn measure(&mut self, time: Duration) -> Result<Verdict> {
        let mut order = rng(700);
        for bit in 0..WARM_UP {
            (self.run)(Class::new(bit))?;
        }
        let (begin, mut timings) = (Instant::now(), Vec::new());
        while timings.len() < AT_LEAST || timings.len() < ENOUGH && begin.elapsed() < time {
            let bit = order.next_u32();
            for class in [Class::new(bit), Class::new(!bit)] {
                timings.push(Timing { second: class.is_second(), nanoseconds: (self.run)(class)? });
            }
        }
        judge(&timings).ok_or_else(|| format!("{}: no verdict", self.name).into())
    }
}
