//! `echo-studio config`: every setting with where it comes from.

use crate::exit::Exit;
use crate::{Context, output, settings};

pub(crate) fn run(context: &Context) -> anyhow::Result<Exit> {
    let origins = settings::origins(&context.flags)?;
    if context.json {
        output::json(&origins)?;
        return Ok(Exit::Success);
    }
    for setting in &origins {
        let value = setting.value.as_deref().unwrap_or("(not set)");
        output::line(format_args!("{:<9} {value:<28} {}", setting.name, output::paint(&setting.origin, 90)));
    }
    Ok(Exit::Success)
}
