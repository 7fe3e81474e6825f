//! Kinds of files that are not read are named, with what converts them.

use ecg::Hints;

#[test]
fn known_kinds_are_named() {
    let dicom = [&[0; 128][..], b"DICM"].concat();
    let scp = [&[0; 16][..], b"SCPECG"].concat();
    for (bytes, words) in [
        (&dicom[..], ["DICOM", "pydicom"]),
        (&scp, ["SCP-ECG", "ECGTool"]),
        (b"<?xml version=\"1.0\"?><AnnotatedECG xmlns=\"urn:hl7-org:v3\">", ["HL7", "ECGTool"]),
        (b"<restingecgdata>", ["XML", "ECGTool"]),
        (b"ALIVE\0\0\0\x03\0\0\0", ["AliveCor .ATC", "convert"]),
        (b"ISHNE1.0", ["ISHNE", "EDF"]),
        (b"PK\x03\x04....[Content_Types].xml", ["workbook", "libreoffice"]),
        (b"PK\x03\x04....a.csv", ["ZIP", "unzip"]),
        (b"\x1f\x8b\x08", ["gzip", "gunzip"]),
        (b"MATLAB 5.0 MAT-file", ["MATLAB", "savetxt"]),
        (b"\x89HDF\r\n\x1a\n", ["HDF5", "h5dump"]),
        (b"\x93NUMPY", ["NumPy", "savetxt"]),
        (b"%PDF-1.7", ["PDF", "export"]),
        (b"\x89PNG", ["image", "export"]),
        (b"\xff\xfet\0", ["UTF-16", "iconv"]),
        (b"BZh9", ["compressed", "7z"]),
    ] {
        let error = ecg::read(bytes, "-".as_ref(), &Hints::default()).unwrap_err().to_string();
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    }
}
