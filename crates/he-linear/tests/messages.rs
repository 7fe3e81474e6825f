//! Messages: exact sizes, fresh randomness, and what becomes of mutated ones.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use he_linear::{Conv1dShape, Error, InputHolder, LinearPlan, Message, PublicKey, WeightHolder, ideal};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const ELL: u32 = 19;
const SHAPE: Conv1dShape = Conv1dShape { batch: 3, in_channels: 5, out_channels: 7, length: 33, kernel: 3 };

/// Both parties of one layer with the three messages of an honest run.
struct Run {
    plan: LinearPlan,
    client: InputHolder,
    server: WeightHolder,
    key: PublicKey,
    mask: Vec<u32>,
    own_mask: Vec<u32>,
    request: Vec<u8>,
    response: Vec<u8>,
    rng: ChaCha20Rng,
}

impl Run {
    fn new(weights: &[i8]) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(11);
        let plan = LinearPlan::new(SHAPE, ELL).unwrap();
        let client = InputHolder::generate(&mut rng);
        let server = WeightHolder::prepare(&plan, weights).unwrap();
        let key = PublicKey::from_bytes(client.public_key()).unwrap();
        let mut residues =
            |count: usize| -> Vec<u32> { (0..count).map(|_| rng.next_u32() >> (32 - ELL)).collect() };
        let (mask, own_mask) = (residues(SHAPE.input_len()), residues(SHAPE.output_len()));
        let request = client.encrypt(&plan, &mask, &mut rng).unwrap();
        let response = server.apply(&key, &request, &own_mask, &mut rng).unwrap();
        Self { plan, client, server, key, mask, own_mask, request, response, rng }
    }

    fn random() -> Self {
        let weights: Vec<i8> = (0..SHAPE.weight_len()).map(|i| (i * 37 % 251) as u8 as i8).collect();
        Self::new(&weights)
    }

    fn result(&self) -> Vec<u32> {
        self.client.open(&self.plan, &self.response).unwrap()
    }
}

#[test]
fn sizes_do_not_depend_on_weights() {
    let runs = [0, 1, -128].map(|weight| Run::new(&vec![weight; SHAPE.weight_len()]));
    for run in &runs {
        assert_eq!(run.request.len(), run.plan.input_bytes());
        assert_eq!(run.response.len(), run.plan.output_bytes());
    }
}

#[test]
fn repeated_encryptions_and_responses_differ() {
    let mut run = Run::random();
    let again = run.client.encrypt(&run.plan, &run.mask, &mut run.rng).unwrap();
    let differing = again.iter().zip(&run.request).filter(|(x, y)| x != y).count();
    assert!(differing > again.len() * 9 / 10);
    let response = run.server.apply(&run.key, &run.request, &run.own_mask, &mut run.rng).unwrap();
    let differing = response.iter().zip(&run.response).filter(|(x, y)| x != y).count();
    assert!(differing > response.len() * 9 / 10);
    assert_eq!(run.client.open(&run.plan, &response).unwrap(), run.result());
}

#[test]
fn wrong_lengths_name_the_peer() {
    let mut run = Run::random();
    let key = run.client.public_key().to_vec();
    let resized = |bytes: &[u8]| -> Vec<Vec<u8>> {
        [0, 1, 31, 32, 33, bytes.len() - 1, bytes.len() + 1, 2 * bytes.len()]
            .map(|length| bytes.iter().copied().cycle().take(length).collect())
            .to_vec()
    };
    let check = |error: Option<Error>, message, expected, found| {
        assert_eq!(error, Some(Error::PeerLength { message, expected, found }));
    };
    for bytes in resized(&key) {
        let error = PublicKey::from_bytes(&bytes).err();
        check(error, Message::PublicKey, he_linear::PUBLIC_KEY_BYTES, bytes.len());
    }
    for bytes in resized(&run.request) {
        let error = run.server.apply(&run.key, &bytes, &run.own_mask, &mut run.rng).err();
        check(error, Message::EncryptedInput, run.plan.input_bytes(), bytes.len());
    }
    for bytes in resized(&run.response) {
        let error = run.client.open(&run.plan, &bytes).err();
        check(error, Message::MaskedOutput, run.plan.output_bytes(), bytes.len());
    }
}

#[test]
fn unreduced_coefficients_name_the_peer() {
    let mut run = Run::random();
    let mut key = run.client.public_key().to_vec();
    key[32..36].fill(0xff);
    let error = PublicKey::from_bytes(&key).err();
    assert_eq!(error, Some(Error::PeerCoefficient { message: Message::PublicKey }));
    let mut request = run.request.clone();
    let end = request.len();
    request[end - 8..].fill(0xff);
    let error = run.server.apply(&run.key, &request, &run.own_mask, &mut run.rng).err().unwrap();
    assert_eq!(error, Error::PeerCoefficient { message: Message::EncryptedInput });
    assert!(error.is_peer_fault());
}

#[test]
fn padding_bits_must_be_zero() {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let one = Conv1dShape { batch: 1, in_channels: 1, out_channels: 1, length: 1, kernel: 1 };
    let plan = LinearPlan::new(one, ELL).unwrap();
    let client = InputHolder::generate(&mut rng);
    let server = WeightHolder::prepare(&plan, &[3]).unwrap();
    let key = PublicKey::from_bytes(client.public_key()).unwrap();
    // One coefficient: 90 bits in 12 bytes, and 22 bits of `b` in 3 bytes.
    let mut request = client.encrypt(&plan, &[7], &mut rng).unwrap();
    let mut response = server.apply(&key, &request, &[1], &mut rng).unwrap();
    assert_eq!(client.open(&plan, &response), Ok(vec![20]));
    for bytes in [&mut request, &mut response] {
        let last = bytes.len() - 1;
        bytes[last] ^= 0x80;
    }
    let error = server.apply(&key, &request, &[1], &mut rng).err();
    assert_eq!(error, Some(Error::PeerPadding { message: Message::EncryptedInput }));
    let error = client.open(&plan, &response).err();
    assert_eq!(error, Some(Error::PeerPadding { message: Message::MaskedOutput }));
}

#[test]
fn flipped_bits_give_an_error_a_wrong_value_or_nothing() {
    let mut run = Run::random();
    let honest = run.result();
    let (mut errors, mut wrong) = (0, 0);
    let mut judge = |outcome: Result<Vec<u32>, Error>| match outcome {
        Ok(values) => wrong += usize::from(values != honest),
        Err(error) => {
            assert!(error.is_peer_fault(), "{error}");
            errors += 1;
        }
    };
    for step in 0..120 {
        let flip = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let bit = step * 7919 * 8 % (bytes.len() * 8) + step % 8;
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes
        };
        let request = flip(&run.request);
        let response = run.server.apply(&run.key, &request, &run.own_mask, &mut run.rng);
        judge(response.and_then(|response| run.client.open(&run.plan, &response)));
        judge(run.client.open(&run.plan, &flip(&run.response)));
        judge(PublicKey::from_bytes(&flip(run.client.public_key())).and_then(|key| {
            let response = run.server.apply(&key, &run.request, &run.own_mask, &mut run.rng)?;
            run.client.open(&run.plan, &response)
        }));
    }
    assert!(wrong > 200, "{wrong} wrong, {errors} errors");
}

#[test]
fn random_bytes_never_panic() {
    let mut run = Run::random();
    for _ in 0..20 {
        let mut response = run.response.clone();
        run.rng.fill_bytes(&mut response);
        match run.client.open(&run.plan, &response) {
            Ok(values) => assert_eq!(values.len(), SHAPE.output_len()),
            Err(error) => assert!(error.is_peer_fault()),
        }
        let mut request = run.request.clone();
        run.rng.fill_bytes(&mut request);
        match run.server.apply(&run.key, &request, &run.own_mask, &mut run.rng) {
            Ok(response) => assert_eq!(response.len(), run.plan.output_bytes()),
            Err(error) => assert!(error.is_peer_fault()),
        }
    }
}

#[test]
fn callers_are_told_their_own_mistakes() {
    let mut run = Run::random();
    let mut long = run.mask.clone();
    long.push(0);
    let error = run.client.encrypt(&run.plan, &long, &mut run.rng).err();
    let expected = SHAPE.input_len();
    assert_eq!(error, Some(Error::TensorLength { tensor: "mask", expected, found: expected + 1 }));
    let mut wide = run.own_mask.clone();
    wide[5] = 1 << ELL;
    let error = run.server.apply(&run.key, &run.request, &wide, &mut run.rng).err().unwrap();
    assert_eq!(error, Error::Unreduced { tensor: "mask", ell: ELL });
    assert!(!error.is_peer_fault());
    let error = WeightHolder::prepare(&run.plan, &[1, 2]).err().unwrap();
    assert_eq!(error, Error::TensorLength { tensor: "weights", expected: SHAPE.weight_len(), found: 2 });
}

#[test]
fn impossible_plans_are_refused_by_name() {
    let plan = |change: fn(&mut Conv1dShape)| {
        let mut shape = SHAPE;
        change(&mut shape);
        LinearPlan::new(shape, ELL).unwrap_err()
    };
    assert_eq!(plan(|s| s.kernel = 4), Error::EvenKernel { kernel: 4 });
    let too_long = |length, kernel| Error::WindowTooLong { length, kernel, degree: 4096 };
    assert_eq!(plan(|s| s.length = 4096), too_long(4096, 3));
    assert_eq!(plan(|s| s.length = usize::MAX), too_long(usize::MAX, 3));
    assert_eq!(plan(|s| s.kernel = usize::MAX), too_long(33, usize::MAX));
    for change in [|s| s.batch = 0, |s| s.in_channels = 0, |s| s.length = 0, |s| s.out_channels = usize::MAX]
        as [fn(&mut Conv1dShape); 4]
    {
        assert!(matches!(plan(change), Error::Dimension { .. }));
    }
    let huge = Conv1dShape { batch: 65_536, in_channels: 65_536, out_channels: 65_536, length: 1, kernel: 1 };
    assert!(matches!(LinearPlan::new(huge, 20), Err(Error::LayerTooLarge { .. })));
    for ell in [0, 7, 31, u32::MAX] {
        assert_eq!(LinearPlan::new(SHAPE, ell), Err(Error::UnsupportedWidth { ell }));
    }
}

#[test]
fn the_ideal_twin_agrees() {
    let mut run = Run::random();
    let weights: Vec<i8> = (0..SHAPE.weight_len()).map(|i| (i * 37 % 251) as u8 as i8).collect();
    let client = ideal::InputHolder::generate(&mut run.rng);
    let key = ideal::PublicKey::from_bytes(client.public_key()).unwrap();
    let server = ideal::WeightHolder::prepare(&run.plan, &weights).unwrap();
    let request = client.encrypt(&run.plan, &run.mask, &mut run.rng).unwrap();
    let response = server.apply(&key, &request, &run.own_mask, &mut run.rng).unwrap();
    assert_eq!(request.len(), run.request.len());
    assert_eq!(response.len(), run.response.len());
    assert_eq!(client.open(&run.plan, &response).unwrap(), run.result());
    assert!(client.open(&run.plan, &response[1..]).unwrap_err().is_peer_fault());
}
