//! The ideal functionality: the same interface in the clear, for tests of the layers above. No
//! secrecy whatsoever.
//!
//! Messages have the same lengths as the real ones, so that plans and frames can be tested with it.

use rand_core::CryptoRng;

use crate::bits::{Unpacker, pack};
use crate::error::{Error, Message};
use crate::plan::{LinearPlan, check_length};
use crate::public_key::PUBLIC_KEY_BYTES;

/// W r modulo 2^ell on plain residues: \[batch\]\[in_channels\]\[length\] to
/// \[batch\]\[out_channels\]\[length\].
///
/// # Errors
/// If a tensor has the wrong length or a residue is not reduced.
pub fn multiply(plan: &LinearPlan, weights: &[i8], input: &[u32]) -> Result<Vec<u32>, Error> {
    let shape = plan.shape();
    plan.check_residues("input", input, shape.input_len())?;
    check_weights(plan, weights)?;
    let element = |batch: usize, out: usize, position: usize| {
        let mut sum = 0u32;
        for channel in 0..shape.in_channels {
            let window = &input[(batch * shape.in_channels + channel) * shape.length..][..shape.length];
            let taps = &weights[(out * shape.in_channels + channel) * shape.kernel..][..shape.kernel];
            for (k, &weight) in taps.iter().enumerate() {
                let x = (position + k).checked_sub(shape.padding()).and_then(|t| window.get(t));
                sum = sum.wrapping_add(x.map_or(0, |&x| x.wrapping_mul(i32::from(weight) as u32)));
            }
        }
        sum & ((1 << plan.ell()) - 1)
    };
    let mut result = Vec::with_capacity(shape.output_len());
    for batch in 0..shape.batch {
        for out in 0..shape.out_channels {
            result.extend((0..shape.length).map(|position| element(batch, out, position)));
        }
    }
    Ok(result)
}

fn check_weights(plan: &LinearPlan, weights: &[i8]) -> Result<(), Error> {
    let expected = plan.shape().weight_len();
    if weights.len() == expected {
        Ok(())
    } else {
        Err(Error::TensorLength { tensor: "weights", expected, found: weights.len() })
    }
}

/// Residues in the clear, padded with zeros to the length of the real message.
fn write(plan: &LinearPlan, values: &[u32], length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    pack(&mut bytes, plan.ell(), values.iter().map(|&value| u64::from(value)));
    bytes.resize(length, 0);
    bytes
}

fn read(plan: &LinearPlan, bytes: &[u8], count: usize) -> Vec<u32> {
    let mut reader = Unpacker::new(bytes, plan.ell());
    (0..count).map(|_| reader.next_value() as u32).collect()
}

/// Stands in for [`crate::PublicKey`].
#[derive(Clone)]
pub struct PublicKey(());

impl PublicKey {
    /// Accepts any bytes of the right length.
    ///
    /// # Errors
    /// If the length is not [`PUBLIC_KEY_BYTES`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        check_length(Message::PublicKey, bytes, PUBLIC_KEY_BYTES).map(|()| Self(()))
    }
}

/// Stands in for [`crate::InputHolder`].
pub struct InputHolder {
    public_key: Vec<u8>,
}

impl InputHolder {
    /// Draws nothing.
    pub fn generate(_rng: &mut impl CryptoRng) -> Self {
        Self { public_key: vec![0; PUBLIC_KEY_BYTES] }
    }

    /// Zeros.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// The mask itself.
    ///
    /// # Errors
    /// As the real one.
    pub fn encrypt(
        &self,
        plan: &LinearPlan,
        mask: &[u32],
        _rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        plan.check_residues("mask", mask, plan.shape().input_len())?;
        Ok(write(plan, mask, plan.input_bytes()))
    }

    /// Reads the result.
    ///
    /// # Errors
    /// If the response has the wrong length.
    pub fn open(&self, plan: &LinearPlan, response: &[u8]) -> Result<Vec<u32>, Error> {
        check_length(Message::MaskedOutput, response, plan.output_bytes())?;
        Ok(read(plan, response, plan.shape().output_len()))
    }
}

/// Stands in for [`crate::WeightHolder`].
pub struct WeightHolder {
    plan: LinearPlan,
    weights: Vec<i8>,
}

impl WeightHolder {
    /// Keeps the weights. Proves nothing about noise.
    ///
    /// # Errors
    /// If there are too few or too many weights.
    pub fn prepare(plan: &LinearPlan, weights: &[i8]) -> Result<Self, Error> {
        check_weights(plan, weights)?;
        Ok(Self { plan: *plan, weights: weights.to_vec() })
    }

    /// The plan the weights were prepared for.
    #[must_use]
    pub const fn plan(&self) -> &LinearPlan {
        &self.plan
    }

    /// W r - s in the clear.
    ///
    /// # Errors
    /// As the real one.
    pub fn apply(
        &self,
        _key: &PublicKey,
        input: &[u8],
        mask: &[u32],
        _rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        let plan = &self.plan;
        plan.check_residues("mask", mask, plan.shape().output_len())?;
        check_length(Message::EncryptedInput, input, plan.input_bytes())?;
        let mut result = multiply(plan, &self.weights, &read(plan, input, plan.shape().input_len()))?;
        for (value, &s) in result.iter_mut().zip(mask) {
            *value = value.wrapping_sub(s) & ((1 << plan.ell()) - 1);
        }
        Ok(write(plan, &result, plan.output_bytes()))
    }
}
