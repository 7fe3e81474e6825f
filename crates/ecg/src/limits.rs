//! The sizes that are accepted of a recording and of the file it comes from.

/// Least sampling rate of a recording, in hertz.
pub const MIN_RATE_HZ: f64 = 50.0;
/// Greatest sampling rate of a recording, in hertz.
pub const MAX_RATE_HZ: f64 = 4000.0;
/// Greatest duration of a recording: 24 hours, in seconds.
pub const MAX_SECONDS: u32 = 24 * 3600;
/// Least duration of a recording, in seconds: less than a heartbeat says nothing, and cannot be
/// filtered.
pub const MIN_SECONDS: f64 = 1.0;
/// Greatest number of samples of a recording, which bounds memory: 24 hours at 1000 Hz.
pub const MAX_SAMPLES: usize = MAX_SECONDS as usize * 1000;
/// Greatest magnitude of a sample, in millivolts. Electrode offsets reach some hundred millivolts.
/// No amplifier for ECG reaches this.
pub const MAX_MILLIVOLTS: f64 = 5000.0;
/// Greatest size of a file, in bytes.
pub const MAX_FILE_BYTES: u64 = 2 << 30;
/// Greatest size of a JSON document, which is held in memory while it is read, in bytes.
pub const MAX_JSON_BYTES: u64 = 512 << 20;
/// Greatest size of the header of a WFDB record, in bytes.
pub const MAX_WFDB_HEADER_BYTES: u64 = 1 << 18;
/// Greatest number of signals of a WFDB record.
pub const MAX_WFDB_SIGNALS: usize = 1024;
/// Greatest number of samples of one signal in a frame of a WFDB record.
pub const MAX_WFDB_SAMPLES_PER_FRAME: usize = 4096;
/// Greatest number of signals of an EDF file.
pub const MAX_EDF_SIGNALS: usize = 1024;
/// Greatest size of a data record of an EDF file, in bytes.
pub const MAX_EDF_RECORD_BYTES: usize = 16 << 20;
/// Greatest length of a line of a text file, in bytes.
pub const MAX_LINE_BYTES: usize = 16 << 10;
