//! Oblivious transfers.

use benches::Result;
use benches::dealt::rng;
use benches::timing::measure::Subject;
use oblivious_transfer::base;
use oblivious_transfer::block::Block;
use oblivious_transfer::silent::LoneTree;
use oblivious_transfer::softspoken::{CotReceiver, CotSender, ReceiverSetup, SenderSetup};

/// SoftSpoken OTs of a batch.
const BATCH: usize = 2048;

pub(crate) fn subjects() -> Result<Vec<Subject>> {
    Ok(vec![base_ot(), extension()?, sender(), tree()])
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

/// The extension of a sender, who multiplies the receiver's vectors by the bits of Delta.
fn extension() -> Result<Subject> {
    let pairs = [pair(Block::ONE)?, pair(Block::new(u128::MAX))?];
    Ok(Subject::new(
        ["SoftSpoken: sender, 2048 OTs", "Delta 1 / all ones"],
        pairs,
        |pairs, class| {
            let index = class.choose(&[0_u32, 1]) as usize;
            Ok((index, pairs[index].1.extend_random(BATCH).1))
        },
        |pairs, (index, message)| Ok(pairs[index].0.extend_random(BATCH, &message)?),
    ))
}

fn pair(delta: Block) -> Result<(CotSender, CotReceiver)> {
    let mut rng = rng(721);
    let (receiver, offer) = ReceiverSetup::start(b"timing", &mut rng);
    let (sender, reply) = SenderSetup::start(b"timing", delta, &offer, &mut rng)?;
    let (receiver, trees) = receiver.finish(&reply, &mut rng)?;
    Ok((sender.finish(&trees)?, receiver))
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
