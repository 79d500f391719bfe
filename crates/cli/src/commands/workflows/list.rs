//! `workflows list`: every template in a line.

use comfyui::template::Shelf;
use serde_json::json;

use crate::exit::Exit;
use crate::{Context, output};

pub(crate) fn run(shelf: &Shelf, context: &Context) -> anyhow::Result<Exit> {
    let templates: Vec<_> = shelf.templates().filter(|template| !template.manifest.base).collect();
    if context.json {
        let listed = templates.iter().map(|template| {
            json!({
                "name": template.name,
                "title": template.manifest.title,
                "family": template.family.as_ref().map(|(name, _)| name),
                "makes": template.manifest.makes,
                "variants": template.manifest.variants.keys().collect::<Vec<_>>(),
            })
        });
        output::json(&listed.collect::<Vec<_>>())?;
    } else {
        let width = templates.iter().map(|template| template.name.len()).max().unwrap_or(0);
        for template in templates {
            output::line(format_args!("{:<width$}  {}", template.name, template.manifest.title));
        }
    }
    Ok(Exit::Success)
}
