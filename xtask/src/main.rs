//! The echo-studio command.
fn main() {}
