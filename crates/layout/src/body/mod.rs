//! Bodies: bones given volume, wrapped in drawings, shaded and turned into marks.

pub mod ends;
pub mod garment;
pub mod limb;
pub mod shade;
pub mod trunk;
pub mod tube;
