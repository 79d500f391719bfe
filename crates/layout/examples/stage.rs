//! Renders a set at every time of day, empty, as its draughtsman saw it: `stage <set> <folder> [weather]`.

use std::error::Error;
use std::path::PathBuf;

use bible::project::Canvas;
use bible::story::{TimeOfDay, Weather};
use layout::part::Catalogue;
use layout::stage;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(set), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("usage: stage <set> <folder> [weather]".into());
    };
    let weather = match arguments.next() {
        Some(word) => serde_json::from_value(word.into())?,
        None => Weather::Clear,
    };
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder)?;
    let catalogue = Catalogue::built_in();
    for &time in TimeOfDay::ALL {
        let raster = stage::empty_set(&catalogue, &set.parse()?, time, weather, Canvas::default())?;
        let file = std::fs::File::create(folder.join(format!("{set}-{time}-{weather}.png")))?;
        let mut encoder = png::Encoder::new(std::io::BufWriter::new(file), raster.width, raster.height);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header()?.write_image_data(&raster.rgba)?;
    }
    Ok(())
}
