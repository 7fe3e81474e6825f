//! The ring, packing of residues, and the hash.

use benches::Result;
use benches::dealt::rng;
use benches::timing::measure::Subject;
use oblivious_transfer::block::Block;
use oblivious_transfer::hash::Hasher;
use shares::{Ring, pack_residues, unpack_residues};

/// Residues handled at once.
const COUNT: usize = 1024;
/// Their width, that of a middle layer.
const ELL: u32 = 15;

pub(crate) fn subjects() -> Result<Vec<Subject>> {
    Ok(vec![check(), reduce(), pack(), unpack(), hash()])
}

/// Residues 0, and the greatest ones.
fn extremes() -> [Vec<u32>; 2] {
    [vec![0; COUNT], vec![Ring::new(ELL).mask(); COUNT]]
}

fn check() -> Subject {
    Subject::new(
        ["ring: check of 1024 residues", "residues 0 / greatest"],
        extremes(),
        |values, class| Ok(class.choose(values)),
        |_, values| Ok((Ring::new(ELL).contains(&values), values)),
    )
}

fn reduce() -> Subject {
    Subject::new(
        ["ring: reduction of 1024 values", "values 0 / 2^32 - 1"],
        [vec![0; COUNT], vec![u32::MAX; COUNT]],
        |values, class| Ok(class.choose(values)),
        |_, mut values| {
            values.iter_mut().for_each(|value| *value = Ring::new(ELL).reduce(*value));
            Ok(values)
        },
    )
}

fn pack() -> Subject {
    Subject::new(
        ["residues: packing 1024", "residues 0 / greatest"],
        extremes(),
        |values, class| Ok(class.choose(values)),
        |_, values| Ok((pack_residues(&values, ELL), values)),
    )
}

fn unpack() -> Subject {
    Subject::new(
        ["residues: reading 1024", "residues 0 / greatest"],
        extremes().map(|values| pack_residues(&values, ELL)),
        |bytes, class| Ok(class.choose(bytes)),
        |_, bytes| Ok((unpack_residues(&bytes, COUNT, ELL)?, bytes)),
    )
}

fn hash() -> Subject {
    let mut rng = rng(710);
    let blocks = [vec![Block::ZERO; 64], (0..64).map(|_| Block::random(&mut rng)).collect()];
    Subject::new(
        ["hash: 64 blocks", "blocks 0 / random"],
        (Hasher::new(Block::new(7)), blocks),
        |(_, blocks), class| Ok(class.choose(blocks)),
        |(hasher, _), mut blocks| {
            hasher.hash_in_place(&mut blocks);
            Ok(blocks)
        },
    )
}
