//! Steps from oblivious transfer: both roles, offline and online.

use benches::Result;
use benches::timing::class::Class;
use benches::timing::measure::Subject;
use benches::transferred::TransferredStep;
use oblivious_transfer::bits::BitVec;
use ot_nonlinear::{Mode, Step, StepPlan};
use shares::{Ring, Role, StepShape};

/// A step of one batch of instances, with the widths of a middle layer.
pub(crate) const SHAPE: StepShape =
    StepShape { count: 64, ell: 15, shift: 6, bits: 6, pool: true, out_ell: 16 };

/// Secrets of a party: its shares, and the choices of its OTs.
const CLASSES: &str = "shares and choices 0 / 1";

pub(crate) fn subjects() -> Result<Vec<Subject>> {
    let offline = |role, mode, name| -> Result<Subject> {
        let step = Recorded::new(role, mode)?;
        Ok(Subject::new([name, CLASSES], step, Recorded::set, |step, ()| step.prepare()))
    };
    let online = |role, mode, name| -> Result<Subject> {
        let step = Recorded::new(role, mode)?;
        let ready = |step: &mut Recorded, class| step.set(class).and_then(|()| step.prepare());
        Ok(Subject::new([name, CLASSES], step, ready, |step, ready| step.run(ready)))
    };
    Ok(vec![
        offline(Role::Client, Mode::Ripple, "ot step, ripple: client offline")?,
        online(Role::Client, Mode::Ripple, "ot step, ripple: client online")?,
        offline(Role::Server, Mode::Ripple, "ot step, ripple: server offline")?,
        online(Role::Server, Mode::Ripple, "ot step, ripple: server online")?,
        offline(Role::Client, Mode::Tree, "ot step, tree: client offline")?,
        online(Role::Client, Mode::Tree, "ot step, tree: client online")?,
        offline(Role::Server, Mode::Tree, "ot step, tree: server offline")?,
        online(Role::Server, Mode::Tree, "ot step, tree: server online")?,
    ])
}

/// A recorded step, and what the secrets of a role are in either class.
struct Recorded {
    role: Role,
    step: TransferredStep,
    shares: [Vec<u32>; 2],
    choices: [BitVec; 2],
}

impl Recorded {
    fn new(role: Role, mode: Mode) -> Result<Self> {
        let plan = StepPlan::new(SHAPE, mode)?;
        let (values, cots) = (plan.input_values(), plan.cots());
        let count = match role {
            Role::Client => cots.client_receives,
            Role::Server => cots.server_receives,
        };
        let shares = [0, Ring::new(SHAPE.ell).mask()].map(|share| vec![share; values]);
        let choices = [false, true].map(|choice| BitVec::from_bools(&vec![choice; count]));
        Ok(Self { role, step: TransferredStep::play(plan, 730)?, shares, choices })
    }

    fn set(&mut self, class: Class) -> Result<()> {
        self.step.replace(self.role, class.choose(&self.shares), class.choose(&self.choices));
        Ok(())
    }

    /// Offline: condenses the OTs and takes the shares.
    fn prepare(&self) -> Result<Step> {
        match self.role {
            Role::Client => Ok(self.step.prepare_client()?.1),
            Role::Server => self.step.prepare_server(),
        }
    }

    /// All rounds.
    fn run(&self, ready: Step) -> Result<Vec<u32>> {
        match self.role {
            Role::Client => self.step.run_client(ready),
            Role::Server => self.step.run_server(ready),
        }
    }
}
