//! Scales for a network that was trained without quantisation in mind, from its weights and calibration segments.
