//! A recording through signal check and network, segment by segment.

use deepcardio::Model;
use deepcardio::architecture::Level;
use deepcardio::scores::{argmax, margin};
use deepcardio_tools::fast::FastModel;
use ecg::Recording;
use ecg::quality::{Examination, examine};

/// What is said of a recording.
pub(super) struct Judgement {
    /// The signal check of every segment.
    pub(super) examinations: Vec<Examination>,
    /// Scores of the segments that can be read; `None` for the others.
    pub(super) scores: Vec<Option<Vec<i64>>>,
}

impl Judgement {
    /// Examines every segment of a recording and classifies those that can be read.
    pub(super) fn of(
        model: &Model,
        fast: &FastModel<'_>,
        recording: &Recording,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let signal = model.architecture().signal();
        let examinations: Vec<Examination> =
            ecg::spans(recording, signal)?.into_iter().map(|span| examine(recording, span)).collect();
        if examinations.iter().all(|examination| examination.unreadable().is_some()) {
            let scores = examinations.iter().map(|_| None).collect();
            return Ok(Self { examinations, scores });
        }
        let segments = ecg::segments(recording, signal)?;
        let classify = |(segment, examination): (_, &Examination)| match examination.unreadable() {
            Some(_) => Ok(None),
            None => fast.scores(segment).map(Some),
        };
        let scores = segments.iter().zip(&examinations).map(classify).collect::<Result<_, _>>()?;
        Ok(Self { examinations, scores })
    }

    /// The class of the greatest sum of scores over the segments that can be read; `None` if there
    /// are none.
    pub(super) fn class(&self) -> Option<usize> {
        self.sums().map(|(sums, _)| argmax(&sums))
    }

    /// The level of the mean margin.
    pub(super) fn level(&self, model: &Model) -> Option<Level> {
        let (sums, count) = self.sums()?;
        let confidence = model.architecture().confidence()?;
        Some(confidence.level(margin(&sums) / count))
    }

    fn sums(&self) -> Option<(Vec<i64>, u64)> {
        let mut read = self.scores.iter().flatten();
        let mut sums = read.next()?.clone();
        let mut count = 1;
        for scores in read {
            sums.iter_mut().zip(scores).for_each(|(sum, score)| *sum += score);
            count += 1;
        }
        Some((sums, count))
    }
}
