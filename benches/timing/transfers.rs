//! Oblivious transfers.

use benches::Result;
use benches::dealt::rng;
use benches::timing::measure::Subject;
use oblivious_transfer::base;
use oblivious_transfer::bits::BitVec;
use oblivious_transfer::block::Block;
use oblivious_transfer::silent::LoneTree;
use oblivious_transfer::softspoken::{CotReceiver, ReceiverSetup, SenderSetup};

/// SoftSpoken OTs of a batch.
const BATCH: usize = 2048;

pub(crate) fn subjects() -> Result<Vec<Subject>> {
    Ok(vec![base_ot(), receiver()?, sender(), tree()])
}

fn base_ot() -> Subject {
    let mut rng = rng(720);
    let (_, message) = base::Sender::start(&mut rng);
    Subject::new(
        ["base OT: receiver, 4 OTs", "choices 0 / 1"],
        rng,
        |_, class| Ok([(); 4].map(|()| class.choose(&[0_u32, 1]) == 1)),
        move |rng, choices| Ok(base::receive(b"timing", &choices, &message, rng)?),
    )
}

fn receiver() -> Result<Subject> {
    let choices = [BitVec::zeros(BATCH), BitVec::from_bools(&[true; BATCH])];
    Ok(Subject::new(
        ["SoftSpoken: receiver, 2048 OTs", "choices 0 / 1"],
        (ready_receiver()?, choices),
        |(_, choices), class| Ok(class.choose(choices)),
        |(receiver, _), choices| Ok((receiver.extend_chosen(&choices), choices)),
    ))
}

fn ready_receiver() -> Result<CotReceiver> {
    let mut rng = rng(721);
    let (receiver, offer) = ReceiverSetup::start(b"timing", &mut rng);
    let (_, reply) = SenderSetup::start(b"timing", Block::ONE, &offer, &mut rng)?;
    Ok(receiver.finish(&reply, &mut rng)?.0)
}

/// The set-up of a sender, whose base OTs choose by the bits of Delta.
fn sender() -> Subject {
    let mut rng = rng(722);
    let (_, offer) = ReceiverSetup::start(b"timing", &mut rng);
    Subject::new(
        ["SoftSpoken: set-up of a sender", "Delta 1 / all ones"],
        rng,
        |_, class| Ok(class.choose(&[Block::ONE, Block::new(u128::MAX)])),
        move |rng, delta| Ok(SenderSetup::start(b"timing", delta, &offer, rng)?),
    )
}

fn tree() -> Subject {
    Subject::new(
        ["silent OT: a received tree", "noise at the first / last leaf"],
        rng(723),
        |rng, class| Ok(LoneTree::new(class.choose(&[0, LoneTree::PLACES - 1]), rng)),
        |_, mut tree| {
            tree.grow();
            Ok(tree)
        },
    )
}
