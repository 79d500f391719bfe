//! Conversion between sample rates.

use super::wav::Sound;

/// Zero crossings of the filter on each side.
const REACH: usize = 16;

/// The filter passes up to this share of the lower Nyquist frequency.
const PASS: f64 = 0.94;

/// The same sound at another rate: band-limited interpolation with a Hann-windowed sinc, one filter for
/// each of the phases that the two rates go through.
pub(crate) fn resample(sound: &Sound, rate: u32) -> Vec<f32> {
    if sound.rate == rate || sound.rate == 0 || rate == 0 {
        return sound.samples.clone();
    }
    let divisor = gcd(sound.rate, rate);
    let (up, down) = ((rate / divisor) as usize, (sound.rate / divisor) as usize);
    // Going down, the filter must cut at the new Nyquist frequency, and so reaches farther.
    let cut = PASS * (f64::from(rate) / f64::from(sound.rate)).min(1.0);
    let reach = (REACH as f64 / cut).ceil() as usize;
    let filter = |phase: usize| -> Vec<f32> {
        let offset = phase as f64 / up as f64;
        let weights: Vec<f64> = (0..2 * reach).map(|tap| kernel(tap as f64 - (reach as f64 - 1.0) - offset, cut, reach as f64)).collect();
        // Normalised by phase, so that a constant stays constant.
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|weight| (weight / sum) as f32).collect()
    };
    let mut filters: Vec<Option<Vec<f32>>> = vec![None; up];
    let length = (sound.samples.len() * up).div_ceil(down);
    (0..length)
        .map(|index| {
            let position = index * down;
            let (whole, phase) = (position / up, position % up);
            let taps = filters[phase].get_or_insert_with(|| filter(phase));
            let first = whole as isize - reach as isize + 1;
            let sample = |place: isize| usize::try_from(place).ok().and_then(|place| sound.samples.get(place)).copied().unwrap_or(0.0);
            taps.iter().enumerate().map(|(tap, weight)| weight * sample(first + tap as isize)).sum()
        })
        .collect()
}

fn kernel(x: f64, cut: f64, reach: f64) -> f64 {
    use std::f64::consts::PI;
    if x.abs() >= reach {
        return 0.0;
    }
    let sinc = if x == 0.0 { 1.0 } else { (PI * x * cut).sin() / (PI * x * cut) };
    sinc * (0.5 + 0.5 * (PI * x / reach).cos())
}

fn gcd(one: u32, other: u32) -> u32 {
    if other == 0 { one } else { gcd(other, one % other) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate: u32, hertz: f64, seconds: f64) -> Sound {
        let samples = (0..(seconds * f64::from(rate)) as usize)
            .map(|step| (std::f64::consts::TAU * hertz * step as f64 / f64::from(rate)).sin() as f32)
            .collect();
        Sound { rate, samples }
    }

    #[test]
    fn a_tone_is_the_same_tone_at_another_rate() {
        for rate in [22_050, 44_100, 16_000, 96_000] {
            let (out, expected) = (resample(&tone(rate, 1000.0, 0.5), 48_000), tone(48_000, 1000.0, 0.5).samples);
            assert_eq!(out.len(), expected.len(), "{rate}");
            let worst = out[400..23_600].iter().zip(&expected[400..]).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-3, "{rate}: {worst}");
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_hold_is_gone() {
        let out = resample(&tone(48_000, 15_000.0, 0.5), 22_050);
        assert!(out[200..10_800].iter().all(|sample| sample.abs() < 0.01));
    }
}
