//! Writes the seeds: small valid files, and for the steps the honest length with contents of every
//! kind.

use std::fs;
use std::path::Path;

use deepcardio::testkit::{ModelSpec, random_lstm_model, random_model};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

/// The steps: which role and shape, how the messages are filled, some content.
const STEPS: [&str; 7] =
    ["gc_activation", "gc_argmax", "ot_cell", "ot_ripple", "ot_tree", "ot_unit_vectors", "he_input"];

fn main() -> std::io::Result<()> {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let convolutional = random_model(&mut rng, &ModelSpec::small(2, 8, 1, 1));
    let recurrent = random_lstm_model(&mut rng, 2, 1);
    for (name, model) in [("convolutional", &convolutional), ("lstm", &recurrent)] {
        write("architecture", name, &model.architecture().to_bytes())?;
        let file = model.to_bytes();
        // The head and the checksum, which the target makes itself.
        write("model", name, &[&[0], &file[20..file.len() - 32]].concat())?;
        write("model", &format!("{name}-whole"), &[&[1], &file[..]].concat())?;
    }
    for (name, options, text) in [
        ("timed", 0, "time_s,ecg_mv\n0.000,0.1\n0.004,-0.2\n0.008,0.3\n0.012,0.4\n"),
        ("milliseconds", 0, "lead;time_ms;ecg_uv\nI;0;100\nI;4;-200\nI;8;300\n"),
        ("named", 1, "\u{feff}\"ecg_v\"\r\n1e-3\r\n-2e-3\r\n\r\n"),
        ("bare", 5, "1\n2\n-3.5\n"),
        ("tabs", 9, "ecg\ttime_s\n1\t0\n2\t0.01\n3\t0.02\n"),
    ] {
        write("ecg_csv", name, &[&[options], text.as_bytes()].concat())?;
    }
    ecg_files()?;
    write("accept", "small", &[&[2, 0][..], &[7; 33], &5_u64.to_le_bytes(), b"model"].concat())?;
    write("abort", "reason", &[&4_u64.to_le_bytes()[..], b"busy"].concat())?;
    write("later", "reason", &[&10_u16.to_le_bytes()[..], &4_u64.to_le_bytes(), b"busy"].concat())?;
    let hello =
        [&b"ppecg\0\0\x01\x01\0\x02\0"[..], &[3; 32], &[1], &[4; 16], &9_u64.to_le_bytes(), b"pp-client"];
    write("hello", "small", &hello.concat())?;
    for kind in 0..7 {
        write("request", &format!("kind-{kind}"), &[kind, 2 * u8::from(kind == 4), 0, 0, 0])?;
    }
    for (name, point, bound) in [("unbound", 9, 0), ("bound", 9, 1), ("zero", 0, 0), ("neither", 9, 2)] {
        let mut share = [0; 33];
        (share[0], share[32]) = (point, bound);
        write("key_share", name, &share)?;
    }
    frames()?;
    for target in STEPS {
        for choice in 0..6 {
            write(target, &format!("random-{choice}"), &[choice, 3, 3, 3, 3])?;
        }
        write(target, "zeros", &[0; 40])?;
        write(target, "short", &[1, 0xf9])?;
    }
    write("he_response", "random", &[3])?;
    write("he_response", "zeros", &[0; 40])?;
    write("he_response", "short", &[0xf9])
}

/// Small documents, and the files that other programs wrote for the tests of the readers.
fn ecg_files() -> std::io::Result<()> {
    let values = ["0.5", "-0.25", "1", "0"].repeat(16).join(",");
    let pairs: Vec<String> = (0..80).map(|index| format!("[{},1e-4]", f64::from(index) / 64.0)).collect();
    for (name, text) in [
        ("plain", format!("\0{{\"ecg\":[{values}],\"fs\":60,\"unit\":\"mV\"}}")),
        ("pairs", format!("\0[{{\"voltageMeasurements\":[{}]}}]", pairs.join(","))),
        (
            "leads",
            format!(
                "\0{{\"frequency\":60,\"amplitudeResolution\":500,\"samples\":{{\"leadI\":[{values}]}}}}"
            ),
        ),
    ] {
        write("ecg_json", name, text.as_bytes())?;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/ecg/tests/files");
    for name in ["edf.edf", "gaps.edf", "bdf.bdf"] {
        write("ecg_edf", name, &[&[0], &fs::read(folder.join(name))?[..]].concat())?;
    }
    for name in ["w212", "w8", "w16", "w24"] {
        let header = fs::read(folder.join(name).with_extension("hea"))?;
        let signals = fs::read(folder.join(name).with_extension("dat"))?;
        write("ecg_wfdb", name, &[&[0], &header[..], &[0], &signals].concat())?;
    }
    Ok(())
}

/// What is due, the options, the tag: a greeting on either lane, an abort notice in place of it, a
/// grant of room. Each without checksums, and with right and wrong ones.
fn frames() -> std::io::Result<()> {
    for (due, ahead, tag, length) in [
        (66, 0, 1, 7),
        (0, 1, 1, 0),
        (198, 1, 0x81, 5),
        (132, 0, 1, 300),
        (132, 1, 0x81, 300),
        (66, 0, 3, 12),
        (66, 1, 0x85, 0),
    ] {
        let payload = [&4_u64.to_le_bytes()[..], b"busy", &[9; 300]].concat();
        for (name, checksums) in [("", 0), ("-wrong", 2), ("-right", 6)] {
            let header = [due, ahead | checksums, tag, length as u8, (length >> 8) as u8, 0, 0];
            let frame = [&header, &payload[..length], &[9; 16][..16 * usize::from(checksums == 2)]].concat();
            write("frame", &format!("due-{due}-tag-{tag}{name}"), &frame)?;
        }
    }
    Ok(())
}

fn write(target: &str, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), bytes)
}
