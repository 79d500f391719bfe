//! Numbers that look random and are the same every time: everything that nobody decided comes from a seed.

/// A number from a seed and the place it is for, spread over all 64 bits (the finaliser of SplitMix64, Steele et al. 2014).
#[must_use]
pub(crate) const fn scramble(seed: u64, place: u64) -> u64 {
    let mut value = seed ^ place.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A number from 0 to below 1.
#[must_use]
pub(crate) fn unit(seed: u64, place: u64) -> f64 {
    (scramble(seed, place) >> 11) as f64 / (1_u64 << 53) as f64
}

/// A number from `from` to below `to`.
#[must_use]
pub(crate) fn between(seed: u64, place: u64, from: f64, to: f64) -> f64 {
    from + (to - from) * unit(seed, place)
}
