//! Garbling and evaluating, of an activation step and of the label.

use benches::Result;
use benches::dealt::{Dealt, rng};
use benches::garbled::GarbledStep;
use benches::timing::class::Class;
use benches::timing::measure::Subject;
use gc_nonlinear::{ArgmaxEvaluator, ArgmaxGarbler, ArgmaxPlan, ArgmaxShape, HashRoot, StepPlan};
use shares::{Ring, Role};

use crate::steps::SHAPE;

/// The secrets of a party are its shares, which are its input bits.
const CLASSES: &str = "input bits 0 / 1";

/// A recorded step and the shares of a party in either class.
struct Recorded {
    role: Role,
    step: GarbledStep,
    shares: [Vec<u32>; 2],
}

pub(crate) fn subjects() -> Result<Vec<Subject>> {
    Ok(vec![corrections()?, evaluate()?, garble()?, label_evaluate()?, label_garble()?])
}

impl Recorded {
    fn new(role: Role) -> Result<Self> {
        let plan = StepPlan::new(SHAPE)?;
        let shares = [0, Ring::new(SHAPE.ell).mask()].map(|share| vec![share; plan.input_values()]);
        Ok(Self { role, step: GarbledStep::play(plan, 740)?, shares })
    }

    fn set(&mut self, class: Class) -> Result<()> {
        self.step.replace(self.role, class.choose(&self.shares));
        Ok(())
    }
}

fn corrections() -> Result<Subject> {
    Ok(Subject::new(
        ["gc step: client offline", CLASSES],
        Recorded::new(Role::Client)?,
        Recorded::set,
        |recorded, ()| recorded.step.prepare_evaluator(),
    ))
}

fn evaluate() -> Result<Subject> {
    Ok(Subject::new(
        ["gc step: client evaluates", CLASSES],
        Recorded::new(Role::Client)?,
        |recorded, class| {
            recorded.set(class)?;
            Ok(recorded.step.prepare_evaluator()?.1)
        },
        |recorded, evaluator| recorded.step.evaluate(evaluator),
    ))
}

fn garble() -> Result<Subject> {
    Ok(Subject::new(
        ["gc step: server garbles", CLASSES],
        Recorded::new(Role::Server)?,
        |recorded, class| {
            recorded.set(class)?;
            recorded.step.prepare_garbler()
        },
        |recorded, garbler| recorded.step.garble(garbler),
    ))
}

/// The label of one segment and its level, with random inputs for the party that is not looked at.
struct Label {
    plan: ArgmaxPlan,
    root: HashRoot,
    inputs: Dealt,
    corrections: Vec<u8>,
    tables: Vec<u8>,
    shares: [Vec<u32>; 2],
}

impl Label {
    fn new() -> Result<Self> {
        let shape =
            ArgmaxShape { classes: 4, ell: 24, terms: 1, thresholds: Some([86_727, 274_917, 486_945]) };
        let (plan, root) = (ArgmaxPlan::new(shape)?, HashRoot::new(&[4; 32]));
        let inputs = Dealt::new(&mut rng(741), plan.input_cots());
        let shares = [0, Ring::new(shape.ell).mask()].map(|share| vec![share; shape.scores()]);
        let (corrections, _) = ArgmaxEvaluator::prepare(&plan, &root, 0, &shares[0], inputs.received())?;
        let garbler = ArgmaxGarbler::prepare(&plan, &root, 0, inputs.sent(), &corrections)?;
        let tables = garbler.garble(&shares[0])?;
        Ok(Self { plan, root, inputs, corrections, tables, shares })
    }
}

fn label_evaluate() -> Result<Subject> {
    Ok(Subject::new(
        ["label: client evaluates", CLASSES],
        Label::new()?,
        |label, class| {
            let shares = class.choose(&label.shares);
            let inputs = label.inputs.received();
            Ok(ArgmaxEvaluator::prepare(&label.plan, &label.root, 0, &shares, inputs)?.1)
        },
        // The recorded tables belong to other labels, so the result may be no class.
        |label, evaluator| Ok(evaluator.finish(&label.tables).is_ok()),
    ))
}

fn label_garble() -> Result<Subject> {
    Ok(Subject::new(
        ["label: server garbles", CLASSES],
        Label::new()?,
        |label, class| {
            let inputs = label.inputs.sent();
            let garbler = ArgmaxGarbler::prepare(&label.plan, &label.root, 0, inputs, &label.corrections)?;
            Ok((garbler, class.choose(&label.shares)))
        },
        |_, (garbler, shares)| Ok((garbler.garble(&shares)?, shares)),
    ))
}
