//! The linear layers: the homomorphic half, and the server's product on residues.

use benches::Result;
use benches::dealt::{residues, rng};
use benches::layers::{Layer, layers};
use benches::timing::class::Class;
use benches::timing::measure::Subject;
use deepcardio::kernel::Convolution;
use he_linear::{InputHolder, LinearPlan, PublicKey, WeightHolder};
use rand_chacha::ChaCha20Rng;
use shares::Ring;

/// All weights zero, or all at the upper end of their range.
const CLASSES: &str = "weights 0 / greatest";

/// A layer with the client's message and the weights of either class.
struct Recorded {
    plan: LinearPlan,
    layer: Layer,
    client: InputHolder,
    key: PublicKey,
    weights: [Vec<i8>; 2],
    /// The client's mask of either class.
    masks: [Vec<u32>; 2],
    input: Vec<u32>,
    output_mask: Vec<u32>,
    request: Vec<u8>,
    rng: ChaCha20Rng,
}

pub(crate) fn subjects() -> Result<Vec<Subject>> {
    let [first, third, sixth] = [1, 3, 6].map(Recorded::new);
    let (first, third, sixth) = (first?, third?, sixth?);
    Ok(vec![
        encrypt(Recorded::new(1)?),
        apply("he-linear: server, layer 1", first),
        apply("he-linear: server, layer 3", third),
        apply("he-linear: server, layer 6", sixth),
        product("plain product: server, layer 1", Recorded::new(1)?),
        product("plain product: server, layer 3", Recorded::new(3)?),
        product("plain product: server, layer 6", Recorded::new(6)?),
    ])
}

impl Recorded {
    fn new(number: usize) -> Result<Self> {
        let mut rng = rng(750 + number as u64);
        let layer = layers()?.into_iter().find(|layer| layer.number == number);
        let layer = layer.ok_or("the bundled model has no such layer")?;
        let plan = layer.linear_plan()?;
        let client = InputHolder::generate(&mut rng);
        let key = PublicKey::from_bytes(client.public_key())?;
        let greatest = i8::MAX >> (i8::BITS - layer.stage.weight_bits);
        let weights = [0, greatest].map(|weight| vec![weight; plan.shape().weight_len()]);
        let input_len = plan.shape().input_len();
        let masks = [0, Ring::new(plan.ell()).mask()].map(|mask| vec![mask; input_len]);
        let input = residues(&mut rng, input_len, plan.ell());
        let output_mask = residues(&mut rng, plan.shape().output_len(), plan.ell());
        let request = client.encrypt(&plan, &input, &mut rng)?;
        Ok(Self { plan, layer, client, key, weights, masks, input, output_mask, request, rng })
    }

    /// The weights of a class, lifted anew, so that both classes use the same memory.
    fn lift(&mut self, class: Class) -> Result<WeightHolder> {
        Ok(WeightHolder::prepare(&self.plan, &class.choose(&self.weights))?)
    }
}

fn encrypt(recorded: Recorded) -> Subject {
    Subject::new(
        ["he-linear: client encrypts, layer 1", "mask 0 / greatest"],
        recorded,
        |recorded, class| Ok(class.choose(&recorded.masks)),
        |recorded, mask| {
            let Recorded { plan, client, rng, .. } = recorded;
            Ok((client.encrypt(plan, &mask, rng)?, mask))
        },
    )
}

fn apply(name: &'static str, recorded: Recorded) -> Subject {
    Subject::new([name, CLASSES], recorded, Recorded::lift, |recorded, server| {
        let Recorded { key, request, output_mask, rng, .. } = recorded;
        Ok((server.apply(key, request, output_mask, rng)?, server))
    })
}

fn product(name: &'static str, recorded: Recorded) -> Subject {
    Subject::new(
        [name, CLASSES],
        recorded,
        |recorded, class| {
            let linear = recorded.layer.computed.linear;
            let bias = vec![0; linear.out_channels];
            Ok(Convolution::of_residues(linear, &class.choose(&recorded.weights), &bias))
        },
        |recorded, kernel| Ok((kernel.apply(&recorded.input), kernel)),
    )
}
