//! Stub.
use gc_nonlinear::{ReceivedCots, SentCots};
use he_linear::{InputHolder, PublicKey};
use crate::channel::Channel;
use crate::error::Result;
pub(crate) struct Correlations;
impl Correlations {
    pub(crate) async fn receive(&mut self, _count: usize) -> Result<(Vec<u8>, ReceivedCots)> { todo!() }
    pub(crate) async fn send(&mut self, _count: usize, _message: Vec<u8>) -> Result<SentCots> { todo!() }
}
pub(crate) fn extension_bytes(_count: usize) -> usize { 0 }
pub(crate) async fn client(_channel: &mut Channel, _id: &[u8; 32]) -> Result<(InputHolder, Correlations)> { todo!() }
pub(crate) async fn server(_channel: &mut Channel, _id: &[u8; 32]) -> Result<(PublicKey, Correlations)> { todo!() }
