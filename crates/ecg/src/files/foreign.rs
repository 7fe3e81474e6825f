//! Kinds of files that are known and not read, each with what converts it.

use std::fmt;

/// A kind of file that is known and not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Foreign {
    /// DICOM.
    Dicom,
    /// SCP-ECG.
    Scp,
    /// HL7 annotated ECG.
    Hl7,
    /// Another XML of an electrocardiograph.
    Xml,
    /// AliveCor's binary format.
    Atc,
    /// ISHNE Holter.
    Ishne,
    /// WFDB annotations, such as `.qrs` and `.atr`.
    WfdbAnnotations,
    /// MATLAB 5 or later.
    Matlab,
    /// HDF5.
    Hdf5,
    /// An array of NumPy.
    Numpy,
    /// A workbook of Excel.
    Excel,
    /// A ZIP archive.
    Zip,
    /// gzip.
    Gzip,
    /// Another compression.
    Compressed,
    /// PDF.
    Pdf,
    /// An image.
    Image,
    /// Text in UTF-16.
    Utf16,
}

impl Foreign {
    /// Tells the kind by the first bytes.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        let starts = |magic: &[u8]| head.starts_with(magic);
        let at = |offset: usize, magic: &[u8]| head.get(offset..offset + magic.len()) == Some(magic);
        Some(match () {
            () if at(128, b"DICM") => Self::Dicom,
            () if at(16, b"SCPECG") => Self::Scp,
            () if starts(b"ALIVE\0") => Self::Atc,
            () if starts(b"ISHNE1.0") => Self::Ishne,
            () if starts(b"MATLAB 5.0 MAT-file") || starts(b"MATLAB 7") => Self::Matlab,
            () if starts(b"\x89HDF\r\n\x1a\n") => Self::Hdf5,
            () if starts(b"\x93NUMPY") => Self::Numpy,
            () if starts(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") => Self::Excel,
            () if starts(b"PK\x03\x04") => zip(head),
            () if starts(b"\x1f\x8b") => Self::Gzip,
            () if starts(b"BZh")
                || starts(b"\xfd7zXZ")
                || starts(b"\x28\xb5\x2f\xfd")
                || starts(b"7z\xbc\xaf") =>
            {
                Self::Compressed
            }
            () if starts(b"%PDF") => Self::Pdf,
            () if starts(b"\x89PNG") || starts(b"\xff\xd8\xff") || starts(b"GIF8") || starts(b"II*\0") => {
                Self::Image
            }
            () if starts(b"\xff\xfe") || starts(b"\xfe\xff") => Self::Utf16,
            () => return xml(head),
        })
    }

    /// Tells WFDB annotations, which have no magic, by their structure: 16-bit words of a known
    /// code and a time, a zero at the end ("Annotation files", WFDB Programmer's Guide).
    pub(super) fn annotations(whole: &[u8]) -> bool {
        let mut words = whole.chunks_exact(2).map(|word| u16::from(word[0]) | u16::from(word[1]) << 8);
        let mut count = 0;
        while let Some(word) = words.next() {
            let (code, value) = (word >> 10, usize::from(word & 0x3ff));
            match code {
                0 if value == 0 => return count >= 4 && words.next().is_none(),
                1..=49 => count += 1,
                // A skip has a time of 32 bits behind it, a text its bytes.
                59 => drop(words.by_ref().take(2).count()),
                60..=62 => {}
                63 => drop(words.by_ref().take(value.div_ceil(2)).count()),
                _ => return false,
            }
        }
        false
    }
}

/// A workbook is a ZIP archive.
fn zip(head: &[u8]) -> Foreign {
    let holds = |name: &[u8]| head.windows(name.len()).any(|window| window == name);
    let sheet = holds(b"[Content_Types].xml") || holds(b"xl/") || holds(b"opendocument.spreadsheet");
    if sheet { Foreign::Excel } else { Foreign::Zip }
}

fn xml(head: &[u8]) -> Option<Foreign> {
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if !text.starts_with('<') {
        return None;
    }
    Some(if text.contains("AnnotatedECG") || text.contains("urn:hl7-org") {
        Foreign::Hl7
    } else {
        Foreign::Xml
    })
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dicom => {
                "a DICOM file, which is not read: write its waveform as CSV, with pydicom: \
                 `python3 -c 'import pydicom,sys; w=pydicom.dcmread(sys.argv[1]); \
                 print(w.WaveformSequence[0].SamplingFrequency); [print(r[0]) for r in \
                 w.waveform_array(0)]' IN`, \
                 and give --rate and --unit"
            }
            Self::Scp => {
                "an SCP-ECG file, which is not read: convert it with ECG Toolkit: `ECGTool IN CSV OUT.csv` \
                 (or to \
                 EDF in EDFbrowser)"
            }
            Self::Hl7 => {
                "an HL7 annotated ECG (XML), which is not read: convert it with ECG Toolkit: `ECGTool IN \
                 CSV OUT.csv`"
            }
            Self::Xml => {
                "an XML file, which is not read: convert it with the software of the electrocardiograph, \
                 or with \
                 ECG Toolkit: `ECGTool IN CSV OUT.csv`"
            }
            Self::Atc => {
                "an AliveCor .ATC file, which is not read: convert it with ecg-kit or an ATC converter to \
                 CSV or EDF, \
                 or export the recording as JSON"
            }
            Self::Ishne => {
                "an ISHNE Holter file, which is not read: convert it with `ishne2wfdb` or \
                            EDFbrowser to EDF"
            }
            Self::WfdbAnnotations => {
                "WFDB annotations (such as .qrs or .atr), which hold no signal: give the header of the \
                 record, \
                 the .hea file beside it"
            }
            Self::Matlab => {
                "a MATLAB file, which is not read: `python3 -c 'import scipy.io,numpy,sys; \
                 numpy.savetxt(sys.argv[2], scipy.io.loadmat(sys.argv[1])[\"val\"][0])' IN.mat OUT.csv`, \
                 and give \
                 --rate and --unit"
            }
            Self::Hdf5 => "an HDF5 file, which is not read: `h5dump -d DATASET -y -w 1 -o OUT.csv IN`",
            Self::Numpy => {
                "a NumPy array, which is not read: `python3 -c 'import numpy,sys; numpy.savetxt(sys.argv[2], \
                 numpy.load(sys.argv[1]).ravel())' IN.npy OUT.csv`, and give --rate and --unit"
            }
            Self::Excel => {
                "a workbook (Excel), which is not read: save it as CSV, or `libreoffice --headless \
                 --convert-to csv IN`"
            }
            Self::Zip => "a ZIP archive: take the recording out of it with `unzip IN`",
            Self::Gzip => "compressed with gzip: `gunzip -c IN | pp-client infer -`",
            Self::Compressed => "compressed: decompress it first, for example with `7z x IN`",
            Self::Pdf => {
                "a PDF, which holds a drawing and no samples: export the recording as CSV, JSON \
                          or EDF"
            }
            Self::Image => {
                "an image, which holds a drawing and no samples: export the recording as CSV, \
                            JSON or EDF"
            }
            Self::Utf16 => "text in UTF-16: `iconv -f UTF-16 -t UTF-8 IN > OUT`",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_told_by_their_words() {
        // Four beats, a skip, a text of three bytes, the end.
        let word = |code: u16, value: u16| (code << 10 | value).to_le_bytes();
        let mut bytes: Vec<u8> = (0..4).flat_map(|_| word(1, 300)).collect();
        bytes.extend([word(59, 0), [1, 0], [0, 0], word(63, 3), *b"Ab", *b"c\0"].concat());
        assert!(!Foreign::annotations(&bytes));
        bytes.extend([0, 0]);
        assert!(Foreign::annotations(&bytes));
        bytes.extend([1, 0]);
        assert!(!Foreign::annotations(&bytes));
    }
}
