//! One-time material: what random correlated OTs are condensed to, as a chunk of a step consumes
//! it.
//!
//! A material belongs to one step and one direction. It moves into the step that uses it. It is
//! zeroised when dropped, used or not.

use shares::Role;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::bits::lanes::{LANES, Lanes};
use crate::circuit::{OtSpec, Schedule};
use crate::error::StepError;

/// The receiver's side of one OT of the plan for the instances of a chunk: random choices and the
/// pads that they open.
#[derive(Default, Zeroize, ZeroizeOnDrop)]
pub(crate) struct ReceivedUnit {
    pub(crate) choice: Lanes,
    /// One bit pad for each offer.
    pub(crate) bits: Vec<Lanes>,
    /// The ring pad of each instance.
    pub(crate) pads: Vec<u32>,
}

/// The sender's side of one OT: pads b and differences a. The pad of choice 1 is b ^ a for bits and
/// b + a for residues.
#[derive(Default, Zeroize, ZeroizeOnDrop)]
pub(crate) struct SentUnit {
    pub(crate) bits: Vec<BitPads>,
    pub(crate) pads: Vec<RingPads>,
}

/// Both bit pads of an offer.
#[derive(Clone, Copy, Default)]
pub(crate) struct BitPads {
    pub(crate) zero: Lanes,
    pub(crate) difference: Lanes,
}

/// Both ring pads of an instance.
#[derive(Clone, Copy, Default)]
pub(crate) struct RingPads {
    pub(crate) zero: u32,
    pub(crate) difference: u32,
}

impl zeroize::DefaultIsZeroes for BitPads {}
impl zeroize::DefaultIsZeroes for RingPads {}

/// The units of each chunk, in the order of the plan's OTs.
pub(crate) type Chunked<U> = Vec<Vec<U>>;

/// Material of the party that is the receiver of the OTs.
pub struct ReceivedMaterial {
    pub(crate) owner: Role,
    pub(crate) count: usize,
    pub(crate) specs: Vec<OtSpec>,
    pub(crate) chunks: Chunked<ReceivedUnit>,
}

/// Material of the party that is the sender of the OTs.
pub struct SentMaterial {
    pub(crate) owner: Role,
    pub(crate) count: usize,
    pub(crate) specs: Vec<OtSpec>,
    pub(crate) chunks: Chunked<SentUnit>,
}

/// Bytes of memory that `role`'s material for `schedule` takes while it waits, with its registers.
///
/// Bits are held for whole chunks of instances, residues for the instances alone.
#[must_use]
pub fn material_bytes(schedule: &Schedule, role: Role) -> usize {
    let (instances, chunks) = (schedule.count, schedule.count.div_ceil(LANES));
    let plane = size_of::<Lanes>();
    let received = schedule.ots[role.index()].iter().map(|ot| match *ot {
        OtSpec::Bits(bits) => chunks * (size_of::<ReceivedUnit>() + bits * plane),
        OtSpec::Ring(_) => chunks * size_of::<ReceivedUnit>() + instances * size_of::<u32>(),
    });
    let sent = schedule.ots[role.peer().index()].iter().map(|ot| match *ot {
        OtSpec::Bits(bits) => chunks * (size_of::<SentUnit>() + bits * size_of::<BitPads>()),
        OtSpec::Ring(_) => chunks * size_of::<SentUnit>() + instances * size_of::<RingPads>(),
    });
    received.sum::<usize>() + sent.sum::<usize>() + chunks * schedule.registers * plane
}

/// Material fits a plan and a role, or is refused.
fn check(
    owner: Role,
    count: usize,
    specs: &[OtSpec],
    schedule: &Schedule,
    role: Role,
    receiver: Role,
) -> Result<(), StepError> {
    let fits = owner == role && count == schedule.count && *specs == schedule.ots[receiver.index()];
    if fits { Ok(()) } else { Err(StepError::Material) }
}

impl ReceivedMaterial {
    pub(crate) fn check(&self, schedule: &Schedule, role: Role) -> Result<(), StepError> {
        check(self.owner, self.count, &self.specs, schedule, role, role)
    }
}

impl SentMaterial {
    pub(crate) fn check(&self, schedule: &Schedule, role: Role) -> Result<(), StepError> {
        check(self.owner, self.count, &self.specs, schedule, role, role.peer())
    }
}
