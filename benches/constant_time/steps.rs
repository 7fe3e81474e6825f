//! The steps from oblivious transfer, those by garbled circuits, and a cell of the LSTM: either
//! role against a recorded peer, on secrets of its own.

use benches::Result;
use benches::dealt::Secrets;
use benches::garbled::GarbledStep;
use benches::recurrent::{RecordedCell, cell};
use benches::transferred::TransferredStep;
use gc_nonlinear::StepPlan as GarbledPlan;
use ot_nonlinear::{Mode, StepPlan};
use shares::{Role, StepShape};

use crate::valgrind::conceal;

/// A step with pooling whose last batch is not full, so that loops with leftovers run too.
const SHAPE: StepShape = StepShape { count: 77, ell: 15, shift: 6, bits: 6, pool: true, out_ell: 16 };

fn hide((shares, blocks, choices): Secrets<'_>) {
    conceal(shares);
    blocks.into_iter().for_each(conceal);
    choices.into_iter().for_each(conceal);
}

/// A step by garbled circuits, prepared and run by `role`.
pub(crate) fn garbled(role: Role) -> Result<()> {
    let step = GarbledStep::play(GarbledPlan::new(SHAPE)?, 810)?;
    hide(step.secrets(role));
    match role {
        Role::Client => {
            let (_, evaluator) = step.prepare_evaluator()?;
            step.evaluate(evaluator).map(drop)
        }
        Role::Server => step.garble(step.prepare_garbler()?).map(drop),
    }
}

/// A step from oblivious transfer, prepared and run by `role`.
pub(crate) fn transferred(role: Role, mode: Mode) -> Result<()> {
    let step = TransferredStep::play(StepPlan::new(SHAPE, mode)?, 811)?;
    hide(step.secrets(role));
    match role {
        Role::Client => step.run_client(step.prepare_client()?.1).map(drop),
        Role::Server => step.run_server(step.prepare_server()?).map(drop),
    }
}

/// A cell of the LSTM with its unit vectors, prepared and run by `role`.
pub(crate) fn recurrent(role: Role) -> Result<()> {
    let cell = RecordedCell::record(cell()?)?;
    hide(cell.secrets(role));
    let ready = match role {
        Role::Client => cell.start_client(cell.prepare_client()?.1)?,
        Role::Server => cell.start_server()?,
    };
    cell.run(role, ready).map(drop)
}
