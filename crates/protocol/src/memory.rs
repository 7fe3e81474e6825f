//! How much memory a prepared inference takes until it is used.
//!
//! The figures follow from the plan alone, like the sizes of messages. They count the lists that
//! grow with the network: shares, labels, keys and pads. `tests/memory.rs` holds them against what
//! is really allocated.

use oblivious_transfer::block::Block;
use ot_nonlinear::{UnitVector, material_bytes};
use shares::Role;

use crate::method::{Method, Reveal};
use crate::plan::{Plan, StagePlan, Step};

/// Bytes of a residue.
const RESIDUE: usize = size_of::<u32>();
/// Instances that `ot-nonlinear` holds in one chunk.
const CHUNK: usize = 1024;

/// Bytes of memory of `own`'s material of one prepared inference.
pub(crate) fn prepared_bytes(plan: &Plan, method: Method, reveal: Reveal, own: Role) -> u64 {
    let stages: usize = plan.stages.iter().map(|stage| stage_bytes(stage, method, own)).sum();
    let label = match reveal {
        Reveal::Scores => 0,
        Reveal::Label | Reveal::RecordLabel => plan.argmax.input_cots() * size_of::<Block>(),
    };
    (stages + label) as u64
}

/// The mask of a stage, and the material of its step.
fn stage_bytes(stage: &StagePlan, method: Method, own: Role) -> usize {
    let (input, output) = (stage.geometry.input().count(), stage.geometry.output().count());
    let masked = match own {
        Role::Client => input,
        Role::Server => output,
    };
    masked * RESIDUE
        + match stage.step(method) {
            // The client holds its share of the scores.
            None if own == Role::Client => output * RESIDUE,
            None => 0,
            Some(Step::Gc(plan)) => garbled_bytes(&plan.gc, own),
            Some(Step::Ot(plan, shape, schedule)) => {
                let step = plan.ot(shape);
                material_bytes(schedule, own) + operand_bytes(step, own)
            }
            Some(Step::Lstm(plan, consumers)) => {
                let vectors = plan.positions * plan.cell.lookups() * size_of::<UnitVector>();
                let cells = consumers.cells.into_iter().flatten();
                vectors + cells.map(|schedule| material_bytes(schedule, own)).sum::<usize>()
            }
        }
}

/// Labels or keys of the inputs and of the outputs. The client also holds its bits, and room for
/// its answers.
fn garbled_bytes(step: &gc_nonlinear::StepPlan, own: Role) -> usize {
    let (inputs, outputs) = (step.input_cots(), step.output_cots());
    let labels = (inputs + outputs) * size_of::<Block>();
    labels
        + match own {
            Role::Client => 2 * inputs.div_ceil(8) + (outputs + step.shape().count) * RESIDUE,
            Role::Server => outputs.div_ceil(8),
        }
}

/// What a step from oblivious transfer holds beside its OTs: the client's operands and their bits,
/// or what the client said offline; for both, room for the masked operands.
fn operand_bytes(step: &ot_nonlinear::StepPlan, own: Role) -> usize {
    let shape = step.shape();
    let instances = shape.count.next_multiple_of(CHUNK);
    instances
        * match own {
            Role::Client => 3 * RESIDUE + (shape.ell as usize).div_ceil(8),
            Role::Server => RESIDUE + step.offline_bits().div_ceil(8),
        }
}
